/* Prints a checksum of what each kernel makes of the same numbers, so that two processors can be
 * compared. Each NaN counts as the same one: which it is depends on the processor. */
#include "kernels.h"

#include <float.h>
#include <math.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

void fill_kernels_table(kernels_table *table);

enum { most = 4096, rows = 9, values = 1000 };

static kernels_table kernels;
static alignas(64) float query[most], floats[rows * most], signs[3 * most], numbers[64 + most];
static alignas(64) uint8_t codes[rows * most], tables[4 * most], bytes[8 * most];
static const uint32_t slots[32] = {3, 0, 8, 8, 1, 5, 2, 7, 4, 6, 0, 1, 2, 3, 4, 5,
                                   6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3};
static uint64_t state = 1, digest;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static float any_float(int hostile) {
    static const float extremes[] = {0, -0.0f, 1, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-45f, INFINITY, 1e18f};
    return hostile && next() % 16 == 0 ? extremes[next() % 9] : (float)(int32_t)next() / 0x1p31f;
}

static void mix(uint64_t word) { digest = (digest ^ word) * 0x100000001b3u; }

static void mix_bytes(const void *start, uint64_t count) {
    for (uint64_t i = 0; i < count; i += 1) mix(((const uint8_t *)start)[i]);
}

static void mix_floats(const float *start, uint64_t count) {
    for (uint64_t i = 0; i < count; i += 1) {
        uint32_t bits;
        memcpy(&bits, start + i, sizeof bits);
        mix(isnan(start[i]) ? 1 : bits);
    }
}

/* What has been mixed since the last line. */
static void print(const char *kernel, uint64_t dim) {
    printf("%s %llu %016llx\n", kernel, (unsigned long long)dim, (unsigned long long)digest);
    digest = 0xcbf29ce484222325u;
}

static void score(const char *name, kernels_score kernel, const void *from, const void *to,
                  uint64_t stride, uint64_t dim) {
    float out[rows];
    for (uint64_t count = 1; count <= rows; count += 1) {
        kernel(from, to, stride, slots, count, out);
        mix_floats(out, count);
    }
    print(name, dim);
}

static void distances(uint64_t dim, int hostile) {
    const uint64_t padded = (dim + 7) / 8 * 8, bytes_padded = (dim + 31) / 32 * 32;
    memset(query, 0, sizeof query), memset(floats, 0, sizeof floats), memset(codes, 0, sizeof codes);
    for (uint64_t i = 0; i < dim; i += 1) query[i] = any_float(hostile);
    for (uint64_t i = 0; i < rows * dim; i += 1) {
        floats[i / dim * padded + i % dim] = any_float(hostile);
        codes[i / dim * bytes_padded + i % dim] = (uint8_t)(hostile ? next() % 2 * 127 : next() % 128);
    }
    score("squared_distances", kernels.squared_distances, query, floats, padded * 4, dim);
    score("dot_products", kernels.dot_products, query, floats, padded * 4, dim);
    score("code_distances", kernels.code_distances, codes, codes, bytes_padded, dim);
    score("mixed_distances", kernels.mixed_distances, query, codes, bytes_padded, dim);
}

/* The kernels of vectors whose length is a multiple of 32, one after the other as searches use them. */
static void coding(uint64_t dim, int hostile) {
    const float *offsets = floats;
    for (uint64_t i = 0; i < dim; i += 1) {
        query[i] = any_float(hostile);
        floats[i] = 100 * any_float(hostile);
        for (int round = 0; round < 3; round += 1)
            signs[(uint64_t)round * dim + i] = next() % 2 ? 1 : -1;
    }
    mix(kernels.encode(query, 150, offsets, dim, bytes));
    mix_bytes(bytes, dim);
    print("encode", dim);
    const kernels_lookup lookup = kernels.make_lookup(query, 150, offsets, dim, tables);
    mix_floats(&lookup.unit, 1), mix_floats(&lookup.base, 1), mix_bytes(tables, 4 * dim);
    print("make_lookup", dim);
    for (uint64_t i = 0; i < rows * dim; i += 1) codes[i] = next() % 128;
    for (uint64_t count = 0; count <= 32; count += 4) {
        alignas(64) static float links[64 + most];
        kernels.encode_links(codes, codes, dim, slots, count, links);
        mix_bytes(links, (64 + dim) * 4);
        mix(kernels.estimate(&lookup, links, 1e5f, 2e5f, numbers));
        mix_floats(numbers, count);
    }
    print("encode_links, estimate", dim);
    kernels.rotate(query, dim, signs, 3);
    mix_floats(query, dim);
    kernels.unrotate(query, dim, signs, 3);
    mix_floats(query, dim);
    print("rotate, unrotate", dim);
}

static void conversions(void) {
    for (uint64_t i = 0; i < sizeof bytes; i += 1) bytes[i] = (uint8_t)next();
    for (int32_t element = KERNELS_FLOAT32; element <= KERNELS_UINT8; element += 1)
        for (int64_t stride = -9; stride <= 9; stride += 1)
            for (uint64_t count = 0; count < 50; count += 1) {
                mix(kernels.convert(bytes + 501, element, stride, count, numbers));
                mix_floats(numbers, count);
            }
    print("convert", 0);
}

static void selections(void) {
    static int64_t integers[values];
    static double doubles[values];
    static uint32_t words[values];
    static uint8_t valid[values], small[values];
    const uint64_t set = 0x5555aaaa12345678u;
    uint64_t bits[values / 64 + 1];
    for (int i = 0; i < values; i += 1) {
        integers[i] = (int64_t)next() - 0x7fffffff, doubles[i] = i % 9 ? any_float(1) : NAN;
        valid[i] = next() % 4 != 0, words[i] = next() % 64, small[i] = next() % 3;
    }
    for (uint64_t count = 0; count <= values; count += 37) {
        const uint64_t size = (count + 63) / 64 * 8;
        kernels.select_integers(integers, valid, count, -1000000, 0x3fffffff, bits);
        mix_bytes(bits, size);
        kernels.select_doubles(doubles, valid, count, -0.5, 0.25, bits);
        mix_bytes(bits, size);
        kernels.select_byte(small, valid, count, 1, bits);
        mix_bytes(bits, size);
        kernels.select_number(words, valid, count, 17, bits);
        mix_bytes(bits, size);
        kernels.select_numbers(words, valid, count, &set, bits);
        mix_bytes(bits, size);
    }
    print("select", values);
}

int main(void) {
    fill_kernels_table(&kernels);
    for (int hostile = 0; hostile < 2; hostile += 1) {
        for (uint64_t dim = 1; dim <= 130; dim += 1) distances(dim, hostile);
        for (uint64_t dim = 384; dim <= most; dim = dim * 3 / 2 + 1) distances(dim, hostile);
        for (uint64_t dim = 32; dim <= most; dim += dim < 512 ? 32 : 512) coding(dim, hostile);
    }
    conversions();
    selections();
    return 0;
}
