// The C interface.

struct @NAME@_program : catgrad::Program {
    using Program::Program;
};

extern "C" {

@NAME@_program *@NAME@_create(int threads) {
    return catgrad::create<@NAME@_program>(catgrad::@NAME@_description, threads);
}

void @NAME@_destroy(@NAME@_program *program) { delete program; }

const char *@NAME@_error(const @NAME@_program *program) {
    return program == nullptr ? catgrad::creation_error().text : program->error.text;
}

@FUNCTIONS@int @NAME@_call(@NAME@_program *program, const char *function, const void *const *inputs,
                void *const *outputs) {
    return program->call(function, inputs, outputs);
}

int64_t @NAME@_seed(const @NAME@_program *program) { return program->seed; }

int64_t @NAME@_steps(const @NAME@_program *program) { return program->steps; }

int @NAME@_get(@NAME@_program *program, const char *name, void *buffer, size_t bytes) {
    return program->get(name, buffer, bytes);
}

int @NAME@_set(@NAME@_program *program, const char *name, const void *buffer, size_t bytes) {
    return program->set(name, buffer, bytes);
}

int @NAME@_save(@NAME@_program *program, const char *path) { return catgrad::save(*program, path); }

int @NAME@_load(@NAME@_program *program, const char *path) { return catgrad::load(*program, path); }

const char *@NAME@_describe(void) { return catgrad::@NAME@_description.json; }

}  // extern "C"
