/* Sums of lanes WIDTH pairs at a time: included once for each width, with WIDTH, WORDS, NAME and
 * TARGET defined. Every vector holds the same word of WIDTH states. */

TARGET static Py_ssize_t NAME(const Input *inputs, Py_ssize_t count, uint64_t *total)
{
    typedef uint64_t words __attribute__((vector_size(8 * WIDTH), aligned(8)));
    typedef uint16_t lanes __attribute__((vector_size(8 * WIDTH), aligned(8)));
    Py_ssize_t done = 0;
    union {
        words word;
        lanes lane;
        uint64_t one[WIDTH];
    } sum[TOTAL_WORDS], state[STATE_WORDS];

    memset(sum, 0, sizeof sum);
    for (; done + WIDTH <= count; done += WIDTH) {
        for (int lane = 0; lane < WIDTH; lane++) {
            uint64_t absorbed[STATE_WORDS];
            absorb(&inputs[done + lane], absorbed);
            for (int i = 0; i < STATE_WORDS; i++)
                state[i].one[lane] = absorbed[i];
        }
        for (int first = 0; first < TOTAL_WORDS; first += RATE_WORDS) {
            words a[STATE_WORDS], b[STATE_WORDS], c[5], d;
            for (int i = 0; i < STATE_WORDS; i++)
                a[i] = state[i].word;
            for (int round = 0; round < ROUNDS; round++)
                PERMUTE(a, b, c, d, round);
            for (int i = 0; i < STATE_WORDS; i++)
                state[i].word = a[i];
            for (int i = 0; i < RATE_WORDS && first + i < TOTAL_WORDS; i++)
                sum[first + i].lane += state[i].lane;
        }
    }
    for (int i = 0; i < TOTAL_WORDS; i++)
        for (int lane = 0; lane < WIDTH; lane++)
            total[i] = add_lanes(total[i], sum[i].one[lane]);
    return done;
}
