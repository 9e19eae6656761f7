// Samples in .npy files (NumPy's format, versions 1 to 3), memory-mapped and converted row by row.
#pragma once

#include "tables.hpp"

#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace catgrad {

static_assert(std::endian::native == std::endian::little,
              ".npy files are read and written as little-endian");

// A shape as Python prints it: (3, 4).
inline std::string tuple_text(std::span<const int64_t> shape, bool any_rows = false) {
    std::string text = "(";
    for (size_t i = 0; i < shape.size(); ++i) {
        text += i == 0 && any_rows ? "rows" : std::to_string(shape[i]);
        text += i + 1 < shape.size() ? ", " : (shape.size() == 1 ? "," : "");
    }
    return text + ")";
}

// The contents of a file, mapped; nothing if the file is empty.
class MappedFile {
  public:
    explicit MappedFile(const std::string &path) {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status{};
        if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
            const std::string reason = std::strerror(descriptor < 0 ? errno : EISDIR);
            if (descriptor >= 0) {
                ::close(descriptor);
            }
            throw std::runtime_error(path + ": " + reason);
        }
        size_ = static_cast<size_t>(status.st_size);
        void *data =
            size_ == 0 ? MAP_FAILED : ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        ::close(descriptor);
        size_ = data == MAP_FAILED ? 0 : size_;
        data_ = data == MAP_FAILED ? nullptr : static_cast<const char *>(data);
    }
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile() {
        if (data_ != nullptr) {
            ::munmap(const_cast<char *>(data_), size_);
        }
    }

    std::string_view view() const { return {data_, size_}; }

  private:
    const char *data_ = nullptr;
    size_t size_ = 0;
};

class NpyFile {
  public:
    explicit NpyFile(const std::string &path) : path_(path), file_(path) {
        const std::string_view bytes = file_.view();
        const size_t head = header_size(bytes);
        if (head == 0 || head > bytes.size()) {
            throw std::runtime_error(path + ": is not an .npy file, or is truncated");
        }
        parse(bytes.substr(0, head));
        size_t size = item_;
        for (const int64_t n : shape_) {
            if (n != 0 && size > std::numeric_limits<size_t>::max() / 2 / static_cast<size_t>(n)) {
                throw std::runtime_error(path + ": has an impossible shape " + tuple_text(shape_));
            }
            size *= static_cast<size_t>(n);
        }
        if (bytes.size() - head < size) {
            throw std::runtime_error(path + ": is truncated: it lacks " +
                                     std::to_string(size - (bytes.size() - head)) + " bytes");
        }
        data_ = bytes.data() + head;
    }

    int64_t rows() const { return shape_.empty() ? 0 : shape_[0]; }

    // Throws unless the file holds rows for `tensor`, integers in its range included.
    void check(const Tensor &tensor, bool any_rows) const {
        const bool number = tensor.type == f32 || kind_ != 'f';
        if (!number) {
            throw std::runtime_error(path_ + ": got dtype " + dtype() + ", expected " +
                                     (tensor.type == i32 ? "int32" : "bool"));
        }
        bool fits = shape_.size() == tensor.shape.size();
        for (size_t i = any_rows ? 1 : 0; fits && i < shape_.size(); ++i) {
            fits = shape_[i] == tensor.shape[i];
        }
        if (!fits) {
            throw std::runtime_error(path_ + ": got shape " + tuple_text(shape_) + ", expected " +
                                     tuple_text(tensor.shape, any_rows));
        }
        if (tensor.type != f32) {
            check_range(tensor);
        }
    }

    // Copies one row to `out`, converted to the type of `tensor`.
    void copy_row(const Tensor &tensor, int64_t row, void *out) const {
        const int64_t count = tensor.shape[0] == 0 ? 0 : tensor.elements() / tensor.shape[0];
        if (tensor.type != i1 && item_ == 4 && kind_ == (tensor.type == f32 ? 'f' : 'i')) {
            std::memcpy(out, data_ + row * count * 4, static_cast<size_t>(count) * 4);
            return;
        }
        for (int64_t i = 0; i < count; ++i) {
            const int64_t at = row * count + i;
            switch (tensor.type) {
                case f32: static_cast<float *>(out)[i] = static_cast<float>(number_at(at)); break;
                case i32:
                    static_cast<int32_t *>(out)[i] = static_cast<int32_t>(integer_at(at));
                    break;
                default: static_cast<uint8_t *>(out)[i] = integer_at(at) != 0; break;
            }
        }
    }

  private:
    // The bytes before the numbers; 0 for a foreign file.
    static size_t header_size(std::string_view bytes) {
        if (bytes.size() < 12 || bytes.substr(0, 6) != "\x93NUMPY" || bytes[6] < 1 ||
            bytes[6] > 3) {
            return 0;
        }
        const auto byte = [&](size_t i) {
            return static_cast<size_t>(static_cast<unsigned char>(bytes[i]));
        };
        const size_t low = byte(8) + 256 * byte(9);
        return bytes[6] == 1 ? 10 + low : 12 + low + (byte(10) << 16) + (byte(11) << 24);
    }

    // What follows `'key':` in the header, blanks skipped.
    std::string_view field(std::string_view header, const std::string &key) const {
        size_t at = header.find("'" + key + "':");
        at = at == header.npos ? at : header.find_first_not_of(' ', at + key.size() + 3);
        if (at == header.npos) {
            throw std::runtime_error(path_ + ": is not an .npy file: its header has no " + key);
        }
        return header.substr(at);
    }

    void parse(std::string_view header) {
        const std::string_view descr = field(header, "descr"), shape = field(header, "shape");
        const std::string type(descr.substr(1, descr[0] == '\'' ? descr.substr(1).find('\'') : 0));
        constexpr std::string_view known = "<f4 <f8 <i2 <i4 <i8 <u2 <u4 <u8 |i1 |u1 |b1";
        if (type.size() != 3 || known.find(type) == known.npos) {
            throw std::runtime_error(path_ + ": got dtype " + (type.empty() ? "of fields" : type) +
                                     ", expected one of " + std::string(known));
        }
        kind_ = type[1];
        item_ = static_cast<size_t>(type[2] - '0');
        if (field(header, "fortran_order").substr(0, 5) != "False") {
            throw std::runtime_error(
                path_ + ": is in Fortran order; save it as np.ascontiguousarray(array)");
        }
        int64_t n = -1;
        for (const char c : shape.substr(0, shape.find(')'))) {
            if (c >= '0' && c <= '9' && n < int64_t{1} << 56) {
                n = std::max<int64_t>(n, 0) * 10 + (c - '0');
            } else if (n >= 0) {
                shape_.push_back(n);
                n = -1;
            }
        }
        if (n >= 0) {
            shape_.push_back(n);
        }
    }

    std::string dtype() const {
        const std::string name = kind_ == 'f' ? "float" : kind_ == 'u' ? "uint" : "int";
        return kind_ == 'b' ? "bool" : name + std::to_string(8 * item_);
    }

    template <typename T>
    T load(int64_t i) const {  // the file may not be aligned
        T value;
        std::memcpy(&value, data_ + static_cast<size_t>(i) * sizeof(T), sizeof(T));
        return value;
    }

    int64_t integer_at(int64_t i) const {
        switch (kind_ == 'i' ? item_ : item_ + 10) {
            case 1: return load<int8_t>(i);
            case 2: return load<int16_t>(i);
            case 4: return load<int32_t>(i);
            case 8: return load<int64_t>(i);
            case 11: return load<uint8_t>(i);
            case 12: return load<uint16_t>(i);
            case 14: return load<uint32_t>(i);
            default:
                return static_cast<int64_t>(
                    std::min<uint64_t>(load<uint64_t>(i), std::numeric_limits<int64_t>::max()));
        }
    }

    double number_at(int64_t i) const {
        if (kind_ != 'f') {
            return static_cast<double>(integer_at(i));
        }
        return item_ == 4 ? static_cast<double>(load<float>(i)) : load<double>(i);
    }

    void check_range(const Tensor &tensor) const {
        const bool given = tensor.low < tensor.high;
        const int64_t low = tensor.type == i1 ? 0
                            : given           ? tensor.low
                                              : std::numeric_limits<int32_t>::min();
        const int64_t high = tensor.type == i1 ? 2 : given ? tensor.high : int64_t{1} << 31;
        int64_t inner = 1;
        for (size_t i = 1; i < shape_.size(); ++i) {
            inner *= shape_[i];
        }
        for (int64_t i = 0; i < rows() * inner; ++i) {
            const int64_t value = integer_at(i);
            if (value < low || value >= high) {
                throw std::runtime_error(path_ + ": got " + std::to_string(value) + " in row " +
                                         std::to_string(i / inner) + ", expected " +
                                         std::to_string(low) + " <= value < " +
                                         std::to_string(high));
            }
        }
    }

    std::string path_;
    MappedFile file_;
    std::vector<int64_t> shape_;
    char kind_ = 'f';
    size_t item_ = 4;
    const char *data_ = nullptr;
};

// The head of an .npy file (version 1) of this type and shape.
inline std::string npy_head(Type type, std::span<const int64_t> shape) {
    constexpr const char *descr[] = {"<f4", "<i4", "|b1"};
    std::string text = std::string("{'descr': '") + descr[type] +
                       "', 'fortran_order': False, 'shape': " + tuple_text(shape) + ", }";
    text.append(63 - (text.size() + 10) % 64, ' ');
    text += '\n';
    const auto size = static_cast<uint16_t>(text.size());
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(size & 255) +
           static_cast<char>(size >> 8) + text;
}

}  // namespace catgrad
