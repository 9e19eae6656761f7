/* Copied into every program, below the definitions of PERSISTENT and SCRATCH, sizes in bytes. A
   program that trains also defines the types X, Y, LOSS, the sizes X_SIZE, Y_SIZE of a batch, and
   its functions INIT and STEP. Functions return 0; or they have changed nothing, and return 1 for
   an input out of range, 2 for a loss that is not finite. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

static unsigned char *persistent, *scratch;

/* Comes first. 0, or 1 if there is not enough memory. */
int allocate(void)
{
    persistent = calloc(1, (size_t)PERSISTENT + SCRATCH + 1);
    scratch = persistent + PERSISTENT;
    return persistent == NULL;
}

/* Word i of Philox 4x32-10 (Salmon et al., 2011) for the key (seed, 0). */
uint32_t philox(int32_t seed, int32_t step, uint32_t site, long i)
{
    uint32_t a = (uint32_t)seed, b = 0, c[] = {(uint32_t)(i / 4), site, (uint32_t)step, 0};
    for (int round = 0; round < 10; ++round, a += 0x9E3779B9, b += 0xBB67AE85) {
        const uint64_t x = UINT64_C(0xD2511F53) * c[0], y = UINT64_C(0xCD9E8D57) * c[2];
        c[0] = (uint32_t)(y >> 32) ^ c[1] ^ a, c[1] = (uint32_t)y;
        c[2] = (uint32_t)(x >> 32) ^ c[3] ^ b, c[3] = (uint32_t)x;
    }
    return c[i % 4];
}

#ifdef STEP
int INIT(const int32_t *seed);
int STEP(const X *x, const Y *y, LOSS *loss);

static void *batches_of(const char *path, size_t size, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    *count = (size_t)ftell(file) / size;
    rewind(file);
    void *data = malloc(*count * size + 1);
    if (*count == 0 || data == NULL || fread(data, size, *count, file) != *count) {
        fprintf(stderr, "%s: expected %lu bytes for each batch\n", path, (unsigned long)size);
        exit(1);
    }
    fclose(file);
    return data;
}

/* Trains on two files of raw numbers, batch after batch, and prints the loss of every step. */
int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s STEPS SEED X Y\n", argv[0]);
        return 1;
    }
    size_t xs, ys;
    X *x = batches_of(argv[3], X_SIZE * sizeof(X), &xs);
    Y *y = batches_of(argv[4], Y_SIZE * sizeof(Y), &ys);
    const int32_t seed = (int32_t)atol(argv[2]);
    if (xs != ys || allocate() != 0) {
        fprintf(stderr, "%s\n", xs == ys ? "out of memory" : "X and Y have different numbers of rows");
        return 1;
    }
    int code = INIT(&seed);
    for (long step = 0; code == 0 && step < atol(argv[1]); ++step) {
        const size_t batch = (size_t)step % xs;
        LOSS loss;
        code = STEP(x + batch * X_SIZE, y + batch * Y_SIZE, &loss);
        if (code == 0)
            printf("%.9g\n", (double)loss);
        else
            fprintf(stderr, "step %ld: %s\n", step, code == 1 ? "bad input" : "loss not finite");
    }
    free(x);
    free(y);
    free(persistent);
    return code;
}
#endif

