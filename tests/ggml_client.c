/* A client of the generated C interface, as strict C99: prints the last loss of 300 steps. */
#include "trainer.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

static int failed(const char *what, const char *why) {
    printf("%s: %s\n", what, why);
    return 1;
}

int main(void) {
    const int32_t seed = 3;
    float x[10 * 4], loss = 0, weights[4 * 8];
    int32_t y[10];
    trainer_program *one = trainer_create(1), *two = trainer_create(2);
    if (one == NULL || two == NULL) {
        return failed("create", trainer_error(NULL));
    }
    for (int i = 0; i < 10; ++i) {
        y[i] = i % 3;
        for (int j = 0; j < 4; ++j) {
            x[4 * i + j] = (float)(y[i] == j) + 0.01f * (float)i;
        }
    }
    if (trainer_init(one, &seed) != 0 || trainer_init(two, &seed) != 0) {
        return failed("init", trainer_error(one));
    }
    if (trainer_step(two, x, y, &loss) != 0 || trainer_step(one, x, y, NULL) != 0) {
        return failed("step", trainer_error(two));
    }
    size_t before = 0;
    for (int i = 1; i < 300; ++i) {
        if (i == 100) {
            before = mallinfo2().uordblks;
        }
        if (trainer_step(one, x, y, &loss) != 0) {
            return failed("step", trainer_error(one));
        }
    }
    if (mallinfo2().uordblks != before) {
        return failed("step", "memory was allocated");
    }
    const void *inputs[] = {x, y};
    void *outputs[] = {&loss};
    if (trainer_call(one, "step", inputs, outputs) != 0 || trainer_steps(one) != 301 ||
        trainer_steps(two) != 1 || trainer_seed(one) != 3) {
        return failed("call", trainer_error(one));
    }
    if (trainer_call(one, "stop", inputs, outputs) == 0 ||
        strcmp(trainer_error(one), "trainer has no function stop") != 0) {
        return failed("call of stop", trainer_error(one));
    }
    if (trainer_step(one, NULL, y, &loss) == 0 ||
        trainer_get(one, "dense1.weight", weights, 4) == 0 ||
        trainer_get(one, "dense1.weight", weights, sizeof weights) != 0 ||
        trainer_create(-1) != NULL) {
        return failed("bad arguments", "were accepted");
    }
    printf("%.4f\n", (double)loss);
    trainer_destroy(one);
    trainer_destroy(two);
    trainer_destroy(NULL);
    return 0;
}
