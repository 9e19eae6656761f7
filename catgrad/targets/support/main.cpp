// The command line of @NAME@: train, predict, info.
#include "@NAME@.h"

#include "arguments.hpp"
#include "checkpoint.hpp"
#include "npy.hpp"

namespace catgrad {
extern const Description @NAME@_description;
}

namespace {

using namespace catgrad;

const Description &program = @NAME@_description;

constexpr const char *usage =
    "usage: @NAME@ train X.npy Y.npy [--test X Y] [--epochs N | --steps N] [--seed S] [--save P]\n"
    "                                [--resume P] [--threads N] [--learning-rate R]\n"
    "       @NAME@ predict X.npy -o Y.npy --load P\n"
    "       @NAME@ info\n"
    "\n"
    "train    fits the model to samples X and targets Y; --epochs and --steps count from now;\n"
    "         a program whose steps are given their learning rate needs R\n"
    "predict  writes the model's outputs for samples X; P is a checkpoint that train saved\n"
    "info     prints the program's memory and parameters as JSON\n";

const Commands commands = {
    {"train",
     {2,
      {{"--test", 2},
       {"--epochs", 1},
       {"--steps", 1},
       {"--seed", 1},
       {"--learning-rate", 1},
       {"--save", 1},
       {"--resume", 1},
       {"--threads", 1}}}},
    {"predict", {1, {{"-o", 1}, {"--load", 1}}}},
    {"info", {0, {}}},
};

// ---- functions of the program on samples

const Function *find(std::string_view name) {
    for (const Function &function : program.functions) {
        if (function.name == name) {
            return &function;
        }
    }
    return nullptr;
}

struct Handle {
    @NAME@_program *p;

    explicit Handle(int64_t threads) : p(@NAME@_create(static_cast<int>(threads))) {
        if (p == nullptr) {
            fail(@NAME@_error(nullptr));
        }
    }
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    ~Handle() { @NAME@_destroy(p); }

    void check(int status) const {
        if (status != 0) {
            fail(@NAME@_error(p));
        }
    }
};

// One function, with buffers for a batch of its inputs and outputs.
struct Batch {
    const Function &function;
    std::vector<std::vector<char>> inputs, outputs;
    std::vector<void *> in, out;

    explicit Batch(const Function &f) : function(f) {
        for (const Tensor &tensor : f.inputs) {
            in.push_back(inputs.emplace_back(tensor.bytes() + 1).data());
        }
        for (const Tensor &tensor : f.outputs) {
            out.push_back(outputs.emplace_back(tensor.bytes() + 1).data());
        }
    }

    int64_t size() const { return function.inputs[0].shape[0]; }

    template <typename RowAt>
    void run(const Handle &handle, const std::vector<const NpyFile *> &files, RowAt row_at) {
        for (size_t i = 0; i < files.size(); ++i) {
            const Tensor &tensor = function.inputs[i];
            for (int64_t row = 0; row < size(); ++row) {
                files[i]->copy_row(tensor, row_at(row), inputs[i].data() + row * row_bytes(tensor));
            }
        }
        handle.check(@NAME@_call(handle.p, function.name, in.data(), out.data()));
    }

    static int64_t row_bytes(const Tensor &tensor) {
        return tensor.shape[0] == 0 ? 0 : static_cast<int64_t>(tensor.bytes()) / tensor.shape[0];
    }
};

// The inputs of a function that are samples: a step may take its learning rate after two of them.
std::span<const Tensor> samples_of(const Function &f) {
    return std::string_view(f.name) == "step" ? f.inputs.first(2) : f.inputs;
}

void check_samples(const Function &function, const std::vector<const NpyFile *> &files,
                   bool any_rows) {
    bool fits = samples_of(function).size() == files.size();
    for (const Tensor &tensor : samples_of(function)) {
        fits = fits && tensor.batch && tensor.shape[0] == function.inputs[0].shape[0] &&
               tensor.shape[0] > 0;
    }
    if (!fits) {
        fail(std::string(function.name) + " does not take " + std::to_string(files.size()) +
             " files of samples; call it from C");
    }
    for (size_t i = 0; i < files.size(); ++i) {
        files[i]->check(function.inputs[i], any_rows);
        if (files[i]->rows() != files[0]->rows()) {
            fail("got " + std::to_string(files[0]->rows()) + " samples and " +
                 std::to_string(files[i]->rows()) + " targets, expected equal numbers");
        }
    }
}

// Calls `use(batch, rows)` for batch after batch of all rows; the last is filled with its last row.
template <typename Use>
void for_rows(const Handle &handle, const Function &function,
              const std::vector<const NpyFile *> &files, Use use) {
    Batch batch(function);
    const int64_t rows = files[0]->rows();
    for (int64_t start = 0; start < rows; start += batch.size()) {
        batch.run(handle, files, [&](int64_t i) { return std::min(start + i, rows - 1); });
        use(batch, std::min(batch.size(), rows - start));
    }
}

// ---- train

// The order in which an epoch visits the samples: a Fisher-Yates shuffle with Philox draws.
std::vector<int64_t> sample_order(int64_t seed, int64_t epoch, int64_t samples) {
    std::vector<int64_t> order(static_cast<size_t>(samples));
    std::iota(order.begin(), order.end(), int64_t{0});
    for (int64_t i = samples - 1; i > 0; --i) {
        const Philox counter{
            {static_cast<uint32_t>(samples - 1 - i), static_cast<uint32_t>(epoch), 0, 1}};
        const uint64_t word = philox(counter, static_cast<uint32_t>(seed), 0).word[0];
        const uint64_t k = (word * static_cast<uint64_t>(i + 1)) >> 32;
        std::swap(order[static_cast<size_t>(i)], order[k]);
    }
    return order;
}

double mean(const Tensor &tensor, const void *data, int64_t elements) {
    double sum = 0;
    for (int64_t i = 0; i < elements; ++i) {
        sum += tensor.type == f32   ? static_cast<double>(static_cast<const float *>(data)[i])
               : tensor.type == i32 ? static_cast<const int32_t *>(data)[i]
                                    : static_cast<const uint8_t *>(data)[i];
    }
    return sum / static_cast<double>(std::max<int64_t>(1, elements));
}

double loss_of(const Batch &batch) {
    const auto outputs = batch.function.outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (outputs.size() == 1 || std::string_view(outputs[i].name) == "loss") {
            return mean(outputs[i], batch.out[i], outputs[i].elements());
        }
    }
    return 0;
}

// The learning rate, for a program whose steps are given one.
std::optional<float> learning_rate(const Arguments &given) {
    const auto rate = given.rate("--learning-rate");
    const bool wanted = find("step")->inputs.size() > 2;
    if (wanted && !rate) {
        fail("train needs --learning-rate R: each step of @NAME@ is given it");
    }
    if (rate && !wanted) {
        fail("--learning-rate: @NAME@ has a rate of its own; leave it out");
    }
    return rate;
}

void run_steps(const Handle &handle, const std::vector<const NpyFile *> &files,
               std::optional<float> rate, const Arguments &given) {
    constexpr int64_t most = int64_t{1} << 40;
    Batch batch(*find("step"));
    if (rate) {
        std::memcpy(batch.in[2], &*rate, sizeof(float));
    }
    const int64_t samples = files[0]->rows(), per_epoch = samples / batch.size();
    const auto only_steps = given.number("--steps", 1, most);
    const int64_t epochs = given.number("--epochs", 1, most).value_or(1);
    const int64_t count = only_steps.value_or(epochs * per_epoch),
                  interval = only_steps ? 100 : per_epoch;
    std::vector<int64_t> order;
    double total = 0;
    for (int64_t done = 1, since = 1; done <= count; ++done, ++since) {
        const int64_t step = @NAME@_steps(handle.p), first = step % per_epoch * batch.size();
        if (done == 1 || first == 0) {
            order = sample_order(@NAME@_seed(handle.p), step / per_epoch, samples);
        }
        batch.run(handle, files, [&](int64_t i) { return order[static_cast<size_t>(first + i)]; });
        total += loss_of(batch);
        if (done % interval == 0 || done == count) {
            const std::string epoch =
                "epoch " + std::to_string(done / per_epoch) + "/" + std::to_string(epochs) + "  ";
            std::fprintf(stderr, "%sstep %lld  loss %.4g\n", only_steps ? "" : epoch.c_str(),
                         static_cast<long long>(step + 1), total / static_cast<double>(since));
            since = 0;
            total = 0;
        }
    }
}

// The functions of (x, y) that give one metric for each row.
std::vector<const Function *> metrics() {
    std::vector<const Function *> result;
    for (const Function &f : program.functions) {
        if (f.rows && f.inputs.size() == 2 && f.outputs.size() == 1 &&
            std::string_view(f.outputs[0].name) == "metric") {
            result.push_back(&f);
        }
    }
    return result;
}

void check_writable(const std::string &path) {
    Error error;
    if (!NewFile(path.c_str(), error)) {
        fail(error.text);
    }
}

struct Tests {
    std::optional<NpyFile> x, y;

    explicit Tests(const Arguments &given) {
        const auto paths = given.options.find("--test");
        if (paths == given.options.end()) {
            return;
        }
        x.emplace(paths->second[0]);
        y.emplace(paths->second[1]);
        for (const Function *metric : metrics()) {
            check_samples(*metric, {&*x, &*y}, true);
        }
        if (metrics().empty()) {
            fail("--test: @NAME@ has no metric to report");
        }
        if (x->rows() == 0) {
            fail(paths->second[0] + ": got 0 samples, expected at least 1");
        }
    }

    void report(const Handle &handle) const {
        for (const Function *metric : x ? metrics() : std::vector<const Function *>()) {
            double total = 0;
            for_rows(handle, *metric, {&*x, &*y}, [&](const Batch &batch, int64_t rows) {
                total += mean(metric->outputs[0], batch.out[0], rows) * static_cast<double>(rows);
            });
            std::fprintf(stderr, "test %s %.4g\n", metric->name,
                         total / static_cast<double>(x->rows()));
        }
    }
};

void train(const Arguments &given) {
    if (given.text("--save")) {
        check_writable(*given.text("--save"));
    }
    const auto seed =
        static_cast<int32_t>(given.number("--seed", INT32_MIN, INT32_MAX).value_or(0));
    const auto rate = learning_rate(given);
    const NpyFile x(given.files[0]), y(given.files[1]);
    const Function &step = *find("step");
    check_samples(step, {&x, &y}, true);
    if (x.rows() < step.inputs[0].shape[0]) {
        fail(given.files[0] + ": got " + std::to_string(x.rows()) + " samples, expected at least " +
             std::to_string(step.inputs[0].shape[0]) + ", one batch");
    }
    const Tests tests(given);
    const Handle handle(given.number("--threads", 1, GGML_MAX_N_THREADS).value_or(0));
    const void *inputs[] = {&seed};
    handle.check(@NAME@_call(handle.p, "init", inputs, nullptr));
    if (given.text("--resume")) {
        handle.check(@NAME@_load(handle.p, given.text("--resume")->c_str()));
    }
    run_steps(handle, {&x, &y}, rate, given);
    if (given.text("--save")) {
        handle.check(@NAME@_save(handle.p, given.text("--save")->c_str()));
    }
    tests.report(handle);
}

// ---- predict and info

void predict(const Arguments &given) {
    if (!given.text("-o") || !given.text("--load")) {
        fail(std::string("predict needs ") + (given.text("-o") ? "--load P" : "-o Y.npy") +
             "; see @NAME@ --help");
    }
    const Function &function = *find("predict");
    if (function.outputs.size() != 1) {
        fail("predict does not have one output to write; call it from C");
    }
    const std::string path = *given.text("-o");
    check_writable(path);
    const NpyFile x(given.files[0]);
    check_samples(function, {&x}, function.rows);
    const Handle handle(0);
    handle.check(@NAME@_load(handle.p, given.text("--load")->c_str()));
    const Tensor &output = function.outputs[0];
    std::vector<int64_t> shape(output.shape.begin(), output.shape.end());
    if (function.rows) {
        shape[0] = x.rows();
    }
    const std::string head = npy_head(output.type, shape);
    Error error;
    NewFile file(path.c_str(), error);
    bool written = file && file.write(head.data(), head.size());
    for_rows(handle, function, {&x}, [&](const Batch &batch, int64_t rows) {
        const size_t bytes =
            function.rows ? static_cast<size_t>(rows * Batch::row_bytes(output)) : output.bytes();
        written = written && file.write(batch.out[0], bytes);
    });
    if (!written || file.finish() != 0) {
        fail(error.text);
    }
}

std::string json_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        const bool control = static_cast<unsigned char>(c) < 32;
        result += control ? escaped : (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
    }
    return result + "\"";
}

void info() {
    constexpr const char *types[] = {"float32", "int32", "bool"};
    std::printf("{\n  \"name\": %s,\n", json_string(program.name).c_str());
    for (const auto &[region, size] : {std::pair("persistent", program.sizes[persistent]),
                                       std::pair("scratch", program.sizes[scratch]),
                                       std::pair("constant", program.sizes[constant])}) {
        std::printf("  \"%s_bytes\": %zu,\n", region, size);
    }
    std::printf("  \"parameters\": {");
    const char *comma = "\n";
    for (size_t i = 0; i < program.stored.size(); ++i) {
        const Tensor &tensor = program.stored[i];
        if (std::string_view(program.keys[i]).starts_with("parameter:")) {
            std::string shape;
            for (const int64_t n : tensor.shape) {
                shape += (shape.empty() ? "" : ", ") + std::to_string(n);
            }
            std::printf("%s    %s: {\"shape\": [%s], \"dtype\": \"%s\"}", comma,
                        json_string(tensor.name).c_str(), shape.c_str(), types[tensor.type]);
            comma = ",\n";
        }
    }
    std::printf("\n  }\n}\n");
}

}  // namespace

int main(int argc, char **argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        for (const std::string &word : words) {
            if (word == "--help" || word == "-h") {
                std::fputs(usage, stdout);
                return 0;
            }
        }
        if (words.empty()) {
            fail("needs a command: train, predict or info; see @NAME@ --help");
        }
        const Arguments given = parse(commands, words[0], {words.begin() + 1, words.end()});
        words[0] == "train" ? train(given) : words[0] == "predict" ? predict(given) : info();
    } catch (const std::exception &error) {
        std::string text = error.what();
        std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 32; }, ' ');
        std::fprintf(stderr, "@NAME@: error: %s\n", text.c_str());
        return 1;
    }
    return 0;
}
