/* Written by tallystick.kernel.store.zigzag.kernels: do not edit.
 * Part of zigzag_levels.h, which says what every name means. */
/* zz-4+2: encoding */
WIDE static void wide_0(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15;
        if (way == FAR_WAY)
            fetch_ahead(in, 32, at);
        { const Wide v = wide_load(in[0] + at);
        s0 = v;
        s8 = v;
        }
        { const Wide v = wide_load(in[1] + at);
        s1 = v;
        s9 = v;
        }
        { const Wide v = wide_load(in[2] + at);
        s2 = v;
        s10 = v;
        }
        { const Wide v = wide_load(in[3] + at);
        s3 = v;
        s11 = v;
        }
        { const Wide v = wide_load(in[4] + at);
        s4 = v;
        s12 = v;
        }
        { const Wide v = wide_load(in[5] + at);
        s5 = v;
        s13 = v;
        }
        { const Wide v = wide_load(in[6] + at);
        s6 = v;
        s14 = v;
        }
        { const Wide v = wide_load(in[7] + at);
        s7 = v;
        s15 = v;
        }
        { const Wide v = wide_load(in[8] + at);
        wide_add(&s0, v);
        wide_add(&s12, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[9] + at);
        wide_add(&s1, v);
        wide_add(&s13, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[10] + at);
        wide_add(&s2, v);
        wide_add(&s14, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[11] + at);
        wide_add(&s3, v);
        wide_add(&s15, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[12] + at);
        wide_add(&s4, v);
        wide_add(&s8, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[13] + at);
        wide_add(&s5, v);
        wide_add(&s9, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[14] + at);
        wide_add(&s6, v);
        wide_add(&s10, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[15] + at);
        wide_add(&s7, v);
        wide_add(&s11, wide_times(v, c1));
        }
        { const Wide v = wide_load(in[16] + at);
        wide_add(&s0, v);
        wide_add(&s10, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[17] + at);
        wide_add(&s1, v);
        wide_add(&s11, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[18] + at);
        wide_add(&s2, v);
        wide_add(&s8, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[19] + at);
        wide_add(&s3, v);
        wide_add(&s9, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[20] + at);
        wide_add(&s4, v);
        wide_add(&s14, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[21] + at);
        wide_add(&s5, v);
        wide_add(&s15, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[22] + at);
        wide_add(&s6, v);
        wide_add(&s12, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[23] + at);
        wide_add(&s7, v);
        wide_add(&s13, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[24] + at);
        wide_add(&s0, v);
        wide_add(&s9, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[25] + at);
        wide_add(&s1, v);
        wide_add(&s8, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[26] + at);
        wide_add(&s2, v);
        wide_add(&s11, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[27] + at);
        wide_add(&s3, v);
        wide_add(&s10, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[28] + at);
        wide_add(&s4, v);
        wide_add(&s13, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[29] + at);
        wide_add(&s5, v);
        wide_add(&s12, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[30] + at);
        wide_add(&s6, v);
        wide_add(&s15, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[31] + at);
        wide_add(&s7, v);
        wide_add(&s14, wide_times(v, c3));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
        wide_store(out[8] + at, s8, way);
        wide_store(out[9] + at, s9, way);
        wide_store(out[10] + at, s10, way);
        wide_store(out[11] + at, s11, way);
        wide_store(out[12] + at, s12, way);
        wide_store(out[13] + at, s13, way);
        wide_store(out[14] + at, s14, way);
        wide_store(out[15] + at, s15, way);
    }
}
/* zz-4+2: shard 0 lost */
WIDE static void wide_1(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7;
        if (way == FAR_WAY)
            fetch_ahead(in, 20, at);
        { const Wide v = wide_load(in[0] + at);
        s0 = v;
        s4 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[1] + at);
        s3 = v;
        s7 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[2] + at);
        s1 = wide_times(v, c1);
        s5 = v;
        }
        { const Wide v = wide_load(in[3] + at);
        s2 = wide_times(v, c1);
        s6 = v;
        }
        { const Wide v = wide_load(in[4] + at);
        wide_add(&s0, v);
        wide_add(&s2, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[5] + at);
        wide_add(&s1, wide_times(v, c2));
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[6] + at);
        wide_add(&s5, v);
        wide_add(&s7, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[7] + at);
        wide_add(&s4, wide_times(v, c2));
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[8] + at);
        wide_add(&s0, v);
        wide_add(&s1, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[9] + at);
        wide_add(&s2, wide_times(v, c3));
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[10] + at);
        wide_add(&s4, wide_times(v, c3));
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[11] + at);
        wide_add(&s6, v);
        wide_add(&s7, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[12] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[13] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[14] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[15] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[16] + at);
        wide_add(&s1, wide_times(v, c4));
        }
        { const Wide v = wide_load(in[17] + at);
        wide_add(&s2, wide_times(v, c4));
        }
        { const Wide v = wide_load(in[18] + at);
        wide_add(&s4, wide_times(v, c4));
        }
        { const Wide v = wide_load(in[19] + at);
        wide_add(&s7, wide_times(v, c4));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
    }
}
/* zz-4+2: shards 0 and 1 lost */
WIDE static void wide_2(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31, s32, s33, s34, s35, s36, s37, s38, s39;
        if (way == FAR_WAY)
            fetch_ahead(in, 32, at);
        { const Wide v = wide_load(in[0] + at);
        s0 = v;
        s10 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[1] + at);
        s1 = v;
        s11 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[2] + at);
        s2 = v;
        s8 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[3] + at);
        s3 = v;
        s9 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[4] + at);
        s4 = v;
        s14 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[5] + at);
        s5 = v;
        s15 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[6] + at);
        s6 = v;
        s12 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[7] + at);
        s7 = v;
        s13 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[8] + at);
        wide_add(&s0, v);
        wide_add(&s9, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[9] + at);
        wide_add(&s1, v);
        wide_add(&s8, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[10] + at);
        wide_add(&s2, v);
        wide_add(&s11, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[11] + at);
        wide_add(&s3, v);
        wide_add(&s10, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[12] + at);
        wide_add(&s4, v);
        wide_add(&s13, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[13] + at);
        wide_add(&s5, v);
        wide_add(&s12, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[14] + at);
        wide_add(&s6, v);
        wide_add(&s15, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[15] + at);
        wide_add(&s7, v);
        wide_add(&s14, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[16] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[17] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[18] + at);
        wide_add(&s2, v);
        }
        { const Wide v = wide_load(in[19] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[20] + at);
        wide_add(&s4, v);
        }
        { const Wide v = wide_load(in[21] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[22] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[23] + at);
        wide_add(&s7, v);
        }
        { const Wide v = wide_load(in[24] + at);
        wide_add(&s8, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[25] + at);
        wide_add(&s9, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[26] + at);
        wide_add(&s10, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[27] + at);
        wide_add(&s11, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[28] + at);
        wide_add(&s12, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[29] + at);
        wide_add(&s13, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[30] + at);
        wide_add(&s14, wide_times(v, c3));
        }
        { const Wide v = wide_load(in[31] + at);
        wide_add(&s15, wide_times(v, c3));
        }
        s16 = wide_times(s0, c4);
        wide_add(&s16, wide_times(s4, c5));
        wide_add(&s16, wide_times(s8, c6));
        wide_add(&s16, wide_times(s12, c7));
        s24 = s16;
        wide_store(out[0] + at, s24, way);
        s32 = s0;
        wide_add(&s32, s16);
        wide_store(out[8] + at, s32, way);
        s17 = wide_times(s1, c4);
        wide_add(&s17, wide_times(s5, c5));
        wide_add(&s17, wide_times(s9, c6));
        wide_add(&s17, wide_times(s13, c7));
        s25 = s17;
        wide_store(out[1] + at, s25, way);
        s33 = s1;
        wide_add(&s33, s17);
        wide_store(out[9] + at, s33, way);
        s18 = wide_times(s2, c4);
        wide_add(&s18, wide_times(s6, c5));
        wide_add(&s18, wide_times(s10, c6));
        wide_add(&s18, wide_times(s14, c7));
        s26 = s18;
        wide_store(out[2] + at, s26, way);
        s34 = s2;
        wide_add(&s34, s18);
        wide_store(out[10] + at, s34, way);
        s19 = wide_times(s3, c4);
        wide_add(&s19, wide_times(s7, c5));
        wide_add(&s19, wide_times(s11, c6));
        wide_add(&s19, wide_times(s15, c7));
        s27 = s19;
        wide_store(out[3] + at, s27, way);
        s35 = s3;
        wide_add(&s35, s19);
        wide_store(out[11] + at, s35, way);
        s20 = wide_times(s0, c5);
        wide_add(&s20, wide_times(s4, c4));
        wide_add(&s20, wide_times(s8, c7));
        wide_add(&s20, wide_times(s12, c6));
        s28 = s20;
        wide_store(out[4] + at, s28, way);
        s36 = s4;
        wide_add(&s36, s20);
        wide_store(out[12] + at, s36, way);
        s21 = wide_times(s1, c5);
        wide_add(&s21, wide_times(s5, c4));
        wide_add(&s21, wide_times(s9, c7));
        wide_add(&s21, wide_times(s13, c6));
        s29 = s21;
        wide_store(out[5] + at, s29, way);
        s37 = s5;
        wide_add(&s37, s21);
        wide_store(out[13] + at, s37, way);
        s22 = wide_times(s2, c5);
        wide_add(&s22, wide_times(s6, c4));
        wide_add(&s22, wide_times(s10, c7));
        wide_add(&s22, wide_times(s14, c6));
        s30 = s22;
        wide_store(out[6] + at, s30, way);
        s38 = s6;
        wide_add(&s38, s22);
        wide_store(out[14] + at, s38, way);
        s23 = wide_times(s3, c5);
        wide_add(&s23, wide_times(s7, c4));
        wide_add(&s23, wide_times(s11, c7));
        wide_add(&s23, wide_times(s15, c6));
        s31 = s23;
        wide_store(out[7] + at, s31, way);
        s39 = s7;
        wide_add(&s39, s23);
        wide_store(out[15] + at, s39, way);
    }
}
/* zz-4+2: shard 0 changed */
WIDE static void wide_3(ROWS)
{
    (void)by;
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1;
        if (way == FAR_WAY)
            fetch_ahead(in, 4, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[1] + at);
        s0 = v; wide_add(&s0, w);
        s1 = v; wide_add(&s1, w);
        }
        { const Wide v = wide_load(in[2] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[3] + at);
        wide_add(&s1, v);
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
    }
}
/* zz-4+2: shard 1 changed */
WIDE static void wide_4(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1;
        if (way == FAR_WAY)
            fetch_ahead(in, 4, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[1] + at);
        s0 = v; wide_add(&s0, w);
        s1 = wide_times(v, c1); wide_add(&s1, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[2] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[3] + at);
        wide_add(&s1, v);
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
    }
}
/* zz-8+2: encoding */
WIDE static void wide_5(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15;
        if (way == FAR_WAY)
            fetch_ahead(in, 64, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[8] + at);
        s0 = v; wide_add(&s0, w);
        s8 = v; wide_add(&s8, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[9] + at);
        s1 = v; wide_add(&s1, w);
        s9 = v; wide_add(&s9, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[10] + at);
        s2 = v; wide_add(&s2, w);
        s10 = v; wide_add(&s10, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[11] + at);
        s3 = v; wide_add(&s3, w);
        s11 = v; wide_add(&s11, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[12] + at);
        s4 = v; wide_add(&s4, w);
        s12 = v; wide_add(&s12, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[13] + at);
        s5 = v; wide_add(&s5, w);
        s13 = v; wide_add(&s13, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[14] + at);
        s6 = v; wide_add(&s6, w);
        s14 = v; wide_add(&s14, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[15] + at);
        s7 = v; wide_add(&s7, w);
        s15 = v; wide_add(&s15, wide_times(w, c1));
        }
        { const Wide v = wide_load(in[16] + at), w = wide_load(in[24] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s12, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[17] + at), w = wide_load(in[25] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s13, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[26] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s14, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[27] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s15, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[28] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s8, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[29] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s9, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[30] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s10, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[31] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s11, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[32] + at), w = wide_load(in[40] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s10, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[33] + at), w = wide_load(in[41] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s11, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[34] + at), w = wide_load(in[42] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s8, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[35] + at), w = wide_load(in[43] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s9, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[36] + at), w = wide_load(in[44] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s14, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[37] + at), w = wide_load(in[45] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s15, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[38] + at), w = wide_load(in[46] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s12, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[39] + at), w = wide_load(in[47] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s13, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[48] + at), w = wide_load(in[56] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s9, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[49] + at), w = wide_load(in[57] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s8, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[50] + at), w = wide_load(in[58] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s11, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[51] + at), w = wide_load(in[59] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s10, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[52] + at), w = wide_load(in[60] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s13, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[53] + at), w = wide_load(in[61] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s12, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[54] + at), w = wide_load(in[62] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s15, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[55] + at), w = wide_load(in[63] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s14, wide_times(v, c6), wide_times(w, c7));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
        wide_store(out[8] + at, s8, way);
        wide_store(out[9] + at, s9, way);
        wide_store(out[10] + at, s10, way);
        wide_store(out[11] + at, s11, way);
        wide_store(out[12] + at, s12, way);
        wide_store(out[13] + at, s13, way);
        wide_store(out[14] + at, s14, way);
        wide_store(out[15] + at, s15, way);
    }
}
/* zz-8+2: shard 0 lost */
WIDE static void wide_6(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7;
        if (way == FAR_WAY)
            fetch_ahead(in, 40, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[32] + at);
        s0 = v; wide_add(&s0, w);
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[36] + at);
        s1 = wide_times(v, c1); wide_add(&s1, wide_times(w, c8));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[37] + at);
        s2 = wide_times(v, c1); wide_add(&s2, wide_times(w, c8));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[33] + at);
        s3 = v; wide_add(&s3, w);
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[38] + at);
        s4 = wide_times(v, c1); wide_add(&s4, wide_times(w, c8));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[34] + at);
        s5 = v; wide_add(&s5, w);
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[35] + at);
        s6 = v; wide_add(&s6, w);
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[39] + at);
        s7 = wide_times(v, c1); wide_add(&s7, wide_times(w, c8));
        }
        { const Wide v = wide_load(in[8] + at), w = wide_load(in[12] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s4, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[9] + at), w = wide_load(in[13] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s7, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[10] + at), w = wide_load(in[14] + at);
        wide_add_both(&s1, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s5, v, w);
        }
        { const Wide v = wide_load(in[11] + at), w = wide_load(in[15] + at);
        wide_add_both(&s2, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s6, v, w);
        }
        { const Wide v = wide_load(in[16] + at), w = wide_load(in[20] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s2, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[17] + at), w = wide_load(in[21] + at);
        wide_add_both(&s1, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s3, v, w);
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[22] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s7, wide_times(v, c4), wide_times(w, c5));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[23] + at);
        wide_add_both(&s4, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s6, v, w);
        }
        { const Wide v = wide_load(in[24] + at), w = wide_load(in[28] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s1, wide_times(v, c6), wide_times(w, c7));
        }
        { const Wide v = wide_load(in[25] + at), w = wide_load(in[29] + at);
        wide_add_both(&s2, wide_times(v, c6), wide_times(w, c7));
        wide_add_both(&s3, v, w);
        }
        { const Wide v = wide_load(in[26] + at), w = wide_load(in[30] + at);
        wide_add_both(&s4, wide_times(v, c6), wide_times(w, c7));
        wide_add_both(&s5, v, w);
        }
        { const Wide v = wide_load(in[27] + at), w = wide_load(in[31] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s7, wide_times(v, c6), wide_times(w, c7));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
    }
}
/* zz-8+2: shards 0 and 1 lost */
WIDE static void wide_7(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    const Wide c9 = wide_constant(by[8]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31, s32, s33, s34, s35, s36, s37, s38, s39;
        if (way == FAR_WAY)
            fetch_ahead(in, 64, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[8] + at);
        s0 = v; wide_add(&s0, w);
        s12 = wide_times(v, c1); wide_add(&s12, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[9] + at);
        s1 = v; wide_add(&s1, w);
        s13 = wide_times(v, c1); wide_add(&s13, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[10] + at);
        s2 = v; wide_add(&s2, w);
        s14 = wide_times(v, c1); wide_add(&s14, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[11] + at);
        s3 = v; wide_add(&s3, w);
        s15 = wide_times(v, c1); wide_add(&s15, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[12] + at);
        s4 = v; wide_add(&s4, w);
        s8 = wide_times(v, c1); wide_add(&s8, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[13] + at);
        s5 = v; wide_add(&s5, w);
        s9 = wide_times(v, c1); wide_add(&s9, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[14] + at);
        s6 = v; wide_add(&s6, w);
        s10 = wide_times(v, c1); wide_add(&s10, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[15] + at);
        s7 = v; wide_add(&s7, w);
        s11 = wide_times(v, c1); wide_add(&s11, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[16] + at), w = wide_load(in[24] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s10, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[17] + at), w = wide_load(in[25] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s11, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[26] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s8, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[27] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s9, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[28] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s14, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[29] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s15, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[30] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s12, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[31] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s13, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[32] + at), w = wide_load(in[40] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s9, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[33] + at), w = wide_load(in[41] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s8, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[34] + at), w = wide_load(in[42] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s11, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[35] + at), w = wide_load(in[43] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s10, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[36] + at), w = wide_load(in[44] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s13, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[37] + at), w = wide_load(in[45] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s12, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[38] + at), w = wide_load(in[46] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s15, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[39] + at), w = wide_load(in[47] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s14, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[48] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[49] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[50] + at);
        wide_add(&s2, v);
        }
        { const Wide v = wide_load(in[51] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[52] + at);
        wide_add(&s4, v);
        }
        { const Wide v = wide_load(in[53] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[54] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[55] + at);
        wide_add(&s7, v);
        }
        { const Wide v = wide_load(in[56] + at);
        wide_add(&s8, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[57] + at);
        wide_add(&s9, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[58] + at);
        wide_add(&s10, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[59] + at);
        wide_add(&s11, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[60] + at);
        wide_add(&s12, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[61] + at);
        wide_add(&s13, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[62] + at);
        wide_add(&s14, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[63] + at);
        wide_add(&s15, wide_times(v, c7));
        }
        s16 = wide_times(s0, c8);
        wide_add(&s16, wide_times(s8, c9));
        s24 = s16;
        wide_store(out[0] + at, s24, way);
        s32 = s0;
        wide_add(&s32, s16);
        wide_store(out[8] + at, s32, way);
        s17 = wide_times(s1, c8);
        wide_add(&s17, wide_times(s9, c9));
        s25 = s17;
        wide_store(out[1] + at, s25, way);
        s33 = s1;
        wide_add(&s33, s17);
        wide_store(out[9] + at, s33, way);
        s18 = wide_times(s2, c8);
        wide_add(&s18, wide_times(s10, c9));
        s26 = s18;
        wide_store(out[2] + at, s26, way);
        s34 = s2;
        wide_add(&s34, s18);
        wide_store(out[10] + at, s34, way);
        s19 = wide_times(s3, c8);
        wide_add(&s19, wide_times(s11, c9));
        s27 = s19;
        wide_store(out[3] + at, s27, way);
        s35 = s3;
        wide_add(&s35, s19);
        wide_store(out[11] + at, s35, way);
        s20 = wide_times(s4, c8);
        wide_add(&s20, wide_times(s12, c9));
        s28 = s20;
        wide_store(out[4] + at, s28, way);
        s36 = s4;
        wide_add(&s36, s20);
        wide_store(out[12] + at, s36, way);
        s21 = wide_times(s5, c8);
        wide_add(&s21, wide_times(s13, c9));
        s29 = s21;
        wide_store(out[5] + at, s29, way);
        s37 = s5;
        wide_add(&s37, s21);
        wide_store(out[13] + at, s37, way);
        s22 = wide_times(s6, c8);
        wide_add(&s22, wide_times(s14, c9));
        s30 = s22;
        wide_store(out[6] + at, s30, way);
        s38 = s6;
        wide_add(&s38, s22);
        wide_store(out[14] + at, s38, way);
        s23 = wide_times(s7, c8);
        wide_add(&s23, wide_times(s15, c9));
        s31 = s23;
        wide_store(out[7] + at, s31, way);
        s39 = s7;
        wide_add(&s39, s23);
        wide_store(out[15] + at, s39, way);
    }
}
/* zz-8+2: shards 0 and 2 lost */
WIDE static void wide_8(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    const Wide c9 = wide_constant(by[8]);
    const Wide c10 = wide_constant(by[9]);
    const Wide c11 = wide_constant(by[10]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31, s32, s33, s34, s35, s36, s37, s38, s39;
        if (way == FAR_WAY)
            fetch_ahead(in, 64, at);
        { const Wide v = wide_load(in[0] + at);
        s0 = v;
        s8 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[1] + at);
        s1 = v;
        s9 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[2] + at);
        s2 = v;
        s10 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[3] + at);
        s3 = v;
        s11 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[4] + at);
        s4 = v;
        s12 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[5] + at);
        s5 = v;
        s13 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[6] + at);
        s6 = v;
        s14 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[7] + at);
        s7 = v;
        s15 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[8] + at);
        wide_add(&s0, v);
        wide_add(&s12, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[9] + at);
        wide_add(&s1, v);
        wide_add(&s13, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[10] + at);
        wide_add(&s2, v);
        wide_add(&s14, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[11] + at);
        wide_add(&s3, v);
        wide_add(&s15, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[12] + at);
        wide_add(&s4, v);
        wide_add(&s8, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[13] + at);
        wide_add(&s5, v);
        wide_add(&s9, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[14] + at);
        wide_add(&s6, v);
        wide_add(&s10, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[15] + at);
        wide_add(&s7, v);
        wide_add(&s11, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[16] + at), w = wide_load(in[24] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s10, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[17] + at), w = wide_load(in[25] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s11, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[26] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s8, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[27] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s9, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[28] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s14, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[29] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s15, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[30] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s12, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[31] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s13, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[32] + at), w = wide_load(in[40] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s9, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[33] + at), w = wide_load(in[41] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s8, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[34] + at), w = wide_load(in[42] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s11, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[35] + at), w = wide_load(in[43] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s10, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[36] + at), w = wide_load(in[44] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s13, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[37] + at), w = wide_load(in[45] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s12, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[38] + at), w = wide_load(in[46] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s15, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[39] + at), w = wide_load(in[47] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s14, wide_times(v, c5), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[48] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[49] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[50] + at);
        wide_add(&s2, v);
        }
        { const Wide v = wide_load(in[51] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[52] + at);
        wide_add(&s4, v);
        }
        { const Wide v = wide_load(in[53] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[54] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[55] + at);
        wide_add(&s7, v);
        }
        { const Wide v = wide_load(in[56] + at);
        wide_add(&s8, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[57] + at);
        wide_add(&s9, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[58] + at);
        wide_add(&s10, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[59] + at);
        wide_add(&s11, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[60] + at);
        wide_add(&s12, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[61] + at);
        wide_add(&s13, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[62] + at);
        wide_add(&s14, wide_times(v, c7));
        }
        { const Wide v = wide_load(in[63] + at);
        wide_add(&s15, wide_times(v, c7));
        }
        s16 = wide_times(s0, c8);
        wide_add(&s16, wide_times(s4, c9));
        wide_add(&s16, wide_times(s8, c10));
        wide_add(&s16, wide_times(s12, c11));
        s24 = s16;
        wide_store(out[0] + at, s24, way);
        s32 = s0;
        wide_add(&s32, s16);
        wide_store(out[8] + at, s32, way);
        s17 = wide_times(s1, c8);
        wide_add(&s17, wide_times(s5, c9));
        wide_add(&s17, wide_times(s9, c10));
        wide_add(&s17, wide_times(s13, c11));
        s25 = s17;
        wide_store(out[1] + at, s25, way);
        s33 = s1;
        wide_add(&s33, s17);
        wide_store(out[9] + at, s33, way);
        s18 = wide_times(s2, c8);
        wide_add(&s18, wide_times(s6, c9));
        wide_add(&s18, wide_times(s10, c10));
        wide_add(&s18, wide_times(s14, c11));
        s26 = s18;
        wide_store(out[2] + at, s26, way);
        s34 = s2;
        wide_add(&s34, s18);
        wide_store(out[10] + at, s34, way);
        s19 = wide_times(s3, c8);
        wide_add(&s19, wide_times(s7, c9));
        wide_add(&s19, wide_times(s11, c10));
        wide_add(&s19, wide_times(s15, c11));
        s27 = s19;
        wide_store(out[3] + at, s27, way);
        s35 = s3;
        wide_add(&s35, s19);
        wide_store(out[11] + at, s35, way);
        s20 = wide_times(s0, c9);
        wide_add(&s20, wide_times(s4, c8));
        wide_add(&s20, wide_times(s8, c11));
        wide_add(&s20, wide_times(s12, c10));
        s28 = s20;
        wide_store(out[4] + at, s28, way);
        s36 = s4;
        wide_add(&s36, s20);
        wide_store(out[12] + at, s36, way);
        s21 = wide_times(s1, c9);
        wide_add(&s21, wide_times(s5, c8));
        wide_add(&s21, wide_times(s9, c11));
        wide_add(&s21, wide_times(s13, c10));
        s29 = s21;
        wide_store(out[5] + at, s29, way);
        s37 = s5;
        wide_add(&s37, s21);
        wide_store(out[13] + at, s37, way);
        s22 = wide_times(s2, c9);
        wide_add(&s22, wide_times(s6, c8));
        wide_add(&s22, wide_times(s10, c11));
        wide_add(&s22, wide_times(s14, c10));
        s30 = s22;
        wide_store(out[6] + at, s30, way);
        s38 = s6;
        wide_add(&s38, s22);
        wide_store(out[14] + at, s38, way);
        s23 = wide_times(s3, c9);
        wide_add(&s23, wide_times(s7, c8));
        wide_add(&s23, wide_times(s11, c11));
        wide_add(&s23, wide_times(s15, c10));
        s31 = s23;
        wide_store(out[7] + at, s31, way);
        s39 = s7;
        wide_add(&s39, s23);
        wide_store(out[15] + at, s39, way);
    }
}
/* zz-6+3: encoding */
WIDE static void wide_9(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26;
        if (way == FAR_WAY)
            fetch_ahead(in, 54, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[9] + at);
        s0 = v; wide_add(&s0, w);
        s9 = v; wide_add(&s9, wide_times(w, c1));
        s18 = v; wide_add(&s18, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[10] + at);
        s1 = v; wide_add(&s1, w);
        s10 = v; wide_add(&s10, wide_times(w, c1));
        s19 = v; wide_add(&s19, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[11] + at);
        s2 = v; wide_add(&s2, w);
        s11 = v; wide_add(&s11, wide_times(w, c1));
        s20 = v; wide_add(&s20, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[12] + at);
        s3 = v; wide_add(&s3, w);
        s12 = v; wide_add(&s12, wide_times(w, c1));
        s21 = v; wide_add(&s21, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[13] + at);
        s4 = v; wide_add(&s4, w);
        s13 = v; wide_add(&s13, wide_times(w, c1));
        s22 = v; wide_add(&s22, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[14] + at);
        s5 = v; wide_add(&s5, w);
        s14 = v; wide_add(&s14, wide_times(w, c1));
        s23 = v; wide_add(&s23, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[15] + at);
        s6 = v; wide_add(&s6, w);
        s15 = v; wide_add(&s15, wide_times(w, c1));
        s24 = v; wide_add(&s24, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[16] + at);
        s7 = v; wide_add(&s7, w);
        s16 = v; wide_add(&s16, wide_times(w, c1));
        s25 = v; wide_add(&s25, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[8] + at), w = wide_load(in[17] + at);
        s8 = v; wide_add(&s8, w);
        s17 = v; wide_add(&s17, wide_times(w, c1));
        s26 = v; wide_add(&s26, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[27] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s15, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s21, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[28] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s16, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s22, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[29] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s17, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s23, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[30] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s9, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s24, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[31] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s10, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s25, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[32] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s11, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s26, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[24] + at), w = wide_load(in[33] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s12, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s18, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[25] + at), w = wide_load(in[34] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s13, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s19, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[26] + at), w = wide_load(in[35] + at);
        wide_add_both(&s8, v, w);
        wide_add_both(&s14, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s20, wide_times(v, c4), wide_times(w, c6));
        }
        { const Wide v = wide_load(in[36] + at), w = wide_load(in[45] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s11, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s19, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[37] + at), w = wide_load(in[46] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s9, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s20, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[38] + at), w = wide_load(in[47] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s10, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s18, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[39] + at), w = wide_load(in[48] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s14, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s22, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[40] + at), w = wide_load(in[49] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s12, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s23, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[41] + at), w = wide_load(in[50] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s13, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s21, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[42] + at), w = wide_load(in[51] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s17, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s25, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[43] + at), w = wide_load(in[52] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s15, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s26, wide_times(v, c7), wide_times(w, c8));
        }
        { const Wide v = wide_load(in[44] + at), w = wide_load(in[53] + at);
        wide_add_both(&s8, v, w);
        wide_add_both(&s16, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s24, wide_times(v, c7), wide_times(w, c8));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
        wide_store(out[8] + at, s8, way);
        wide_store(out[9] + at, s9, way);
        wide_store(out[10] + at, s10, way);
        wide_store(out[11] + at, s11, way);
        wide_store(out[12] + at, s12, way);
        wide_store(out[13] + at, s13, way);
        wide_store(out[14] + at, s14, way);
        wide_store(out[15] + at, s15, way);
        wide_store(out[16] + at, s16, way);
        wide_store(out[17] + at, s17, way);
        wide_store(out[18] + at, s18, way);
        wide_store(out[19] + at, s19, way);
        wide_store(out[20] + at, s20, way);
        wide_store(out[21] + at, s21, way);
        wide_store(out[22] + at, s22, way);
        wide_store(out[23] + at, s23, way);
        wide_store(out[24] + at, s24, way);
        wide_store(out[25] + at, s25, way);
        wide_store(out[26] + at, s26, way);
    }
}
/* zz-6+3: shard 0 lost */
WIDE static void wide_10(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    const Wide c9 = wide_constant(by[8]);
    const Wide c10 = wide_constant(by[9]);
    const Wide c11 = wide_constant(by[10]);
    const Wide c12 = wide_constant(by[11]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8;
        if (way == FAR_WAY)
            fetch_ahead(in, 30, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[21] + at);
        s0 = v; wide_add(&s0, w);
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[27] + at);
        s1 = wide_times(v, c1); wide_add(&s1, wide_times(w, c6));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[24] + at);
        s2 = wide_times(v, c7); wide_add(&s2, wide_times(w, c12));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[28] + at);
        s3 = wide_times(v, c1); wide_add(&s3, wide_times(w, c6));
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[25] + at);
        s4 = wide_times(v, c7); wide_add(&s4, wide_times(w, c12));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[22] + at);
        s5 = v; wide_add(&s5, w);
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[26] + at);
        s6 = wide_times(v, c7); wide_add(&s6, wide_times(w, c12));
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[23] + at);
        s7 = v; wide_add(&s7, w);
        }
        { const Wide v = wide_load(in[8] + at), w = wide_load(in[29] + at);
        s8 = wide_times(v, c1); wide_add(&s8, wide_times(w, c6));
        }
        { const Wide v = wide_load(in[9] + at), w = wide_load(in[12] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s3, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s6, wide_times(v, c8), wide_times(w, c9));
        }
        { const Wide v = wide_load(in[10] + at), w = wide_load(in[13] + at);
        wide_add_both(&s2, wide_times(v, c8), wide_times(w, c9));
        wide_add_both(&s5, v, w);
        wide_add_both(&s8, wide_times(v, c2), wide_times(w, c3));
        }
        { const Wide v = wide_load(in[11] + at), w = wide_load(in[14] + at);
        wide_add_both(&s1, wide_times(v, c2), wide_times(w, c3));
        wide_add_both(&s4, wide_times(v, c8), wide_times(w, c9));
        wide_add_both(&s7, v, w);
        }
        { const Wide v = wide_load(in[15] + at), w = wide_load(in[18] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s1, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s2, wide_times(v, c10), wide_times(w, c11));
        }
        { const Wide v = wide_load(in[16] + at), w = wide_load(in[19] + at);
        wide_add_both(&s3, wide_times(v, c4), wide_times(w, c5));
        wide_add_both(&s4, wide_times(v, c10), wide_times(w, c11));
        wide_add_both(&s5, v, w);
        }
        { const Wide v = wide_load(in[17] + at), w = wide_load(in[20] + at);
        wide_add_both(&s6, wide_times(v, c10), wide_times(w, c11));
        wide_add_both(&s7, v, w);
        wide_add_both(&s8, wide_times(v, c4), wide_times(w, c5));
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
        wide_store(out[3] + at, s3, way);
        wide_store(out[4] + at, s4, way);
        wide_store(out[5] + at, s5, way);
        wide_store(out[6] + at, s6, way);
        wide_store(out[7] + at, s7, way);
        wide_store(out[8] + at, s8, way);
    }
}
/* zz-6+3: shards 0 and 1 lost */
WIDE static void wide_11(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31, s32, s33, s34, s35, s36, s37, s38, s39, s40, s41, s42, s43, s44;
        if (way == FAR_WAY)
            fetch_ahead(in, 54, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[9] + at);
        s0 = v; wide_add(&s0, w);
        s15 = wide_times(v, c1); wide_add(&s15, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[1] + at), w = wide_load(in[10] + at);
        s1 = v; wide_add(&s1, w);
        s16 = wide_times(v, c1); wide_add(&s16, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[2] + at), w = wide_load(in[11] + at);
        s2 = v; wide_add(&s2, w);
        s17 = wide_times(v, c1); wide_add(&s17, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[3] + at), w = wide_load(in[12] + at);
        s3 = v; wide_add(&s3, w);
        s9 = wide_times(v, c1); wide_add(&s9, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[4] + at), w = wide_load(in[13] + at);
        s4 = v; wide_add(&s4, w);
        s10 = wide_times(v, c1); wide_add(&s10, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[5] + at), w = wide_load(in[14] + at);
        s5 = v; wide_add(&s5, w);
        s11 = wide_times(v, c1); wide_add(&s11, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[6] + at), w = wide_load(in[15] + at);
        s6 = v; wide_add(&s6, w);
        s12 = wide_times(v, c1); wide_add(&s12, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[7] + at), w = wide_load(in[16] + at);
        s7 = v; wide_add(&s7, w);
        s13 = wide_times(v, c1); wide_add(&s13, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[8] + at), w = wide_load(in[17] + at);
        s8 = v; wide_add(&s8, w);
        s14 = wide_times(v, c1); wide_add(&s14, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[27] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s11, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[28] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s9, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[29] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s10, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[30] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s14, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[31] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s12, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[32] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s13, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[24] + at), w = wide_load(in[33] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s17, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[25] + at), w = wide_load(in[34] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s15, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[26] + at), w = wide_load(in[35] + at);
        wide_add_both(&s8, v, w);
        wide_add_both(&s16, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[36] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[37] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[38] + at);
        wide_add(&s2, v);
        }
        { const Wide v = wide_load(in[39] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[40] + at);
        wide_add(&s4, v);
        }
        { const Wide v = wide_load(in[41] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[42] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[43] + at);
        wide_add(&s7, v);
        }
        { const Wide v = wide_load(in[44] + at);
        wide_add(&s8, v);
        }
        { const Wide v = wide_load(in[45] + at);
        wide_add(&s9, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[46] + at);
        wide_add(&s10, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[47] + at);
        wide_add(&s11, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[48] + at);
        wide_add(&s12, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[49] + at);
        wide_add(&s13, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[50] + at);
        wide_add(&s14, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[51] + at);
        wide_add(&s15, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[52] + at);
        wide_add(&s16, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[53] + at);
        wide_add(&s17, wide_times(v, c5));
        }
        s18 = wide_times(s0, c6);
        wide_add(&s18, wide_times(s9, c7));
        s27 = s18;
        wide_store(out[0] + at, s27, way);
        s36 = s0;
        wide_add(&s36, s18);
        wide_store(out[9] + at, s36, way);
        s19 = wide_times(s1, c6);
        wide_add(&s19, wide_times(s10, c7));
        s28 = s19;
        wide_store(out[1] + at, s28, way);
        s37 = s1;
        wide_add(&s37, s19);
        wide_store(out[10] + at, s37, way);
        s20 = wide_times(s2, c6);
        wide_add(&s20, wide_times(s11, c7));
        s29 = s20;
        wide_store(out[2] + at, s29, way);
        s38 = s2;
        wide_add(&s38, s20);
        wide_store(out[11] + at, s38, way);
        s21 = wide_times(s3, c6);
        wide_add(&s21, wide_times(s12, c7));
        s30 = s21;
        wide_store(out[3] + at, s30, way);
        s39 = s3;
        wide_add(&s39, s21);
        wide_store(out[12] + at, s39, way);
        s22 = wide_times(s4, c6);
        wide_add(&s22, wide_times(s13, c7));
        s31 = s22;
        wide_store(out[4] + at, s31, way);
        s40 = s4;
        wide_add(&s40, s22);
        wide_store(out[13] + at, s40, way);
        s23 = wide_times(s5, c6);
        wide_add(&s23, wide_times(s14, c7));
        s32 = s23;
        wide_store(out[5] + at, s32, way);
        s41 = s5;
        wide_add(&s41, s23);
        wide_store(out[14] + at, s41, way);
        s24 = wide_times(s6, c6);
        wide_add(&s24, wide_times(s15, c7));
        s33 = s24;
        wide_store(out[6] + at, s33, way);
        s42 = s6;
        wide_add(&s42, s24);
        wide_store(out[15] + at, s42, way);
        s25 = wide_times(s7, c6);
        wide_add(&s25, wide_times(s16, c7));
        s34 = s25;
        wide_store(out[7] + at, s34, way);
        s43 = s7;
        wide_add(&s43, s25);
        wide_store(out[16] + at, s43, way);
        s26 = wide_times(s8, c6);
        wide_add(&s26, wide_times(s17, c7));
        s35 = s26;
        wide_store(out[8] + at, s35, way);
        s44 = s8;
        wide_add(&s44, s26);
        wide_store(out[17] + at, s44, way);
    }
}
/* zz-6+3: shards 0 and 2 lost */
WIDE static void wide_12(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    const Wide c3 = wide_constant(by[2]);
    const Wide c4 = wide_constant(by[3]);
    const Wide c5 = wide_constant(by[4]);
    const Wide c6 = wide_constant(by[5]);
    const Wide c7 = wide_constant(by[6]);
    const Wide c8 = wide_constant(by[7]);
    const Wide c9 = wide_constant(by[8]);
    const Wide c10 = wide_constant(by[9]);
    const Wide c11 = wide_constant(by[10]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31, s32, s33, s34, s35, s36, s37, s38, s39, s40, s41, s42, s43, s44;
        if (way == FAR_WAY)
            fetch_ahead(in, 54, at);
        { const Wide v = wide_load(in[0] + at);
        s0 = v;
        s9 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[1] + at);
        s1 = v;
        s10 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[2] + at);
        s2 = v;
        s11 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[3] + at);
        s3 = v;
        s12 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[4] + at);
        s4 = v;
        s13 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[5] + at);
        s5 = v;
        s14 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[6] + at);
        s6 = v;
        s15 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[7] + at);
        s7 = v;
        s16 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[8] + at);
        s8 = v;
        s17 = wide_times(v, c1);
        }
        { const Wide v = wide_load(in[9] + at);
        wide_add(&s0, v);
        wide_add(&s15, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[10] + at);
        wide_add(&s1, v);
        wide_add(&s16, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[11] + at);
        wide_add(&s2, v);
        wide_add(&s17, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[12] + at);
        wide_add(&s3, v);
        wide_add(&s9, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[13] + at);
        wide_add(&s4, v);
        wide_add(&s10, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[14] + at);
        wide_add(&s5, v);
        wide_add(&s11, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[15] + at);
        wide_add(&s6, v);
        wide_add(&s12, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[16] + at);
        wide_add(&s7, v);
        wide_add(&s13, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[17] + at);
        wide_add(&s8, v);
        wide_add(&s14, wide_times(v, c2));
        }
        { const Wide v = wide_load(in[18] + at), w = wide_load(in[27] + at);
        wide_add_both(&s0, v, w);
        wide_add_both(&s11, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[19] + at), w = wide_load(in[28] + at);
        wide_add_both(&s1, v, w);
        wide_add_both(&s9, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[20] + at), w = wide_load(in[29] + at);
        wide_add_both(&s2, v, w);
        wide_add_both(&s10, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[21] + at), w = wide_load(in[30] + at);
        wide_add_both(&s3, v, w);
        wide_add_both(&s14, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[22] + at), w = wide_load(in[31] + at);
        wide_add_both(&s4, v, w);
        wide_add_both(&s12, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[23] + at), w = wide_load(in[32] + at);
        wide_add_both(&s5, v, w);
        wide_add_both(&s13, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[24] + at), w = wide_load(in[33] + at);
        wide_add_both(&s6, v, w);
        wide_add_both(&s17, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[25] + at), w = wide_load(in[34] + at);
        wide_add_both(&s7, v, w);
        wide_add_both(&s15, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[26] + at), w = wide_load(in[35] + at);
        wide_add_both(&s8, v, w);
        wide_add_both(&s16, wide_times(v, c3), wide_times(w, c4));
        }
        { const Wide v = wide_load(in[36] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[37] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[38] + at);
        wide_add(&s2, v);
        }
        { const Wide v = wide_load(in[39] + at);
        wide_add(&s3, v);
        }
        { const Wide v = wide_load(in[40] + at);
        wide_add(&s4, v);
        }
        { const Wide v = wide_load(in[41] + at);
        wide_add(&s5, v);
        }
        { const Wide v = wide_load(in[42] + at);
        wide_add(&s6, v);
        }
        { const Wide v = wide_load(in[43] + at);
        wide_add(&s7, v);
        }
        { const Wide v = wide_load(in[44] + at);
        wide_add(&s8, v);
        }
        { const Wide v = wide_load(in[45] + at);
        wide_add(&s9, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[46] + at);
        wide_add(&s10, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[47] + at);
        wide_add(&s11, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[48] + at);
        wide_add(&s12, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[49] + at);
        wide_add(&s13, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[50] + at);
        wide_add(&s14, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[51] + at);
        wide_add(&s15, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[52] + at);
        wide_add(&s16, wide_times(v, c5));
        }
        { const Wide v = wide_load(in[53] + at);
        wide_add(&s17, wide_times(v, c5));
        }
        s18 = wide_times(s0, c6);
        wide_add(&s18, wide_times(s3, c7));
        wide_add(&s18, wide_times(s6, c8));
        wide_add(&s18, wide_times(s9, c9));
        wide_add(&s18, wide_times(s12, c10));
        wide_add(&s18, wide_times(s15, c11));
        s27 = s18;
        wide_store(out[0] + at, s27, way);
        s36 = s0;
        wide_add(&s36, s18);
        wide_store(out[9] + at, s36, way);
        s19 = wide_times(s1, c6);
        wide_add(&s19, wide_times(s4, c7));
        wide_add(&s19, wide_times(s7, c8));
        wide_add(&s19, wide_times(s10, c9));
        wide_add(&s19, wide_times(s13, c10));
        wide_add(&s19, wide_times(s16, c11));
        s28 = s19;
        wide_store(out[1] + at, s28, way);
        s37 = s1;
        wide_add(&s37, s19);
        wide_store(out[10] + at, s37, way);
        s20 = wide_times(s2, c6);
        wide_add(&s20, wide_times(s5, c7));
        wide_add(&s20, wide_times(s8, c8));
        wide_add(&s20, wide_times(s11, c9));
        wide_add(&s20, wide_times(s14, c10));
        wide_add(&s20, wide_times(s17, c11));
        s29 = s20;
        wide_store(out[2] + at, s29, way);
        s38 = s2;
        wide_add(&s38, s20);
        wide_store(out[11] + at, s38, way);
        s21 = wide_times(s0, c8);
        wide_add(&s21, wide_times(s3, c6));
        wide_add(&s21, wide_times(s6, c7));
        wide_add(&s21, wide_times(s9, c11));
        wide_add(&s21, wide_times(s12, c9));
        wide_add(&s21, wide_times(s15, c10));
        s30 = s21;
        wide_store(out[3] + at, s30, way);
        s39 = s3;
        wide_add(&s39, s21);
        wide_store(out[12] + at, s39, way);
        s22 = wide_times(s1, c8);
        wide_add(&s22, wide_times(s4, c6));
        wide_add(&s22, wide_times(s7, c7));
        wide_add(&s22, wide_times(s10, c11));
        wide_add(&s22, wide_times(s13, c9));
        wide_add(&s22, wide_times(s16, c10));
        s31 = s22;
        wide_store(out[4] + at, s31, way);
        s40 = s4;
        wide_add(&s40, s22);
        wide_store(out[13] + at, s40, way);
        s23 = wide_times(s2, c8);
        wide_add(&s23, wide_times(s5, c6));
        wide_add(&s23, wide_times(s8, c7));
        wide_add(&s23, wide_times(s11, c11));
        wide_add(&s23, wide_times(s14, c9));
        wide_add(&s23, wide_times(s17, c10));
        s32 = s23;
        wide_store(out[5] + at, s32, way);
        s41 = s5;
        wide_add(&s41, s23);
        wide_store(out[14] + at, s41, way);
        s24 = wide_times(s0, c7);
        wide_add(&s24, wide_times(s3, c8));
        wide_add(&s24, wide_times(s6, c6));
        wide_add(&s24, wide_times(s9, c10));
        wide_add(&s24, wide_times(s12, c11));
        wide_add(&s24, wide_times(s15, c9));
        s33 = s24;
        wide_store(out[6] + at, s33, way);
        s42 = s6;
        wide_add(&s42, s24);
        wide_store(out[15] + at, s42, way);
        s25 = wide_times(s1, c7);
        wide_add(&s25, wide_times(s4, c8));
        wide_add(&s25, wide_times(s7, c6));
        wide_add(&s25, wide_times(s10, c10));
        wide_add(&s25, wide_times(s13, c11));
        wide_add(&s25, wide_times(s16, c9));
        s34 = s25;
        wide_store(out[7] + at, s34, way);
        s43 = s7;
        wide_add(&s43, s25);
        wide_store(out[16] + at, s43, way);
        s26 = wide_times(s2, c7);
        wide_add(&s26, wide_times(s5, c8));
        wide_add(&s26, wide_times(s8, c6));
        wide_add(&s26, wide_times(s11, c10));
        wide_add(&s26, wide_times(s14, c11));
        wide_add(&s26, wide_times(s17, c9));
        s35 = s26;
        wide_store(out[8] + at, s35, way);
        s44 = s8;
        wide_add(&s44, s26);
        wide_store(out[17] + at, s44, way);
    }
}
/* zz-6+3: shard 0 changed */
WIDE static void wide_13(ROWS)
{
    (void)by;
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2;
        if (way == FAR_WAY)
            fetch_ahead(in, 5, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[1] + at);
        s0 = v; wide_add(&s0, w);
        s1 = v; wide_add(&s1, w);
        s2 = v; wide_add(&s2, w);
        }
        { const Wide v = wide_load(in[2] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[3] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[4] + at);
        wide_add(&s2, v);
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
    }
}
/* zz-6+3: shard 1 changed */
WIDE static void wide_14(ROWS)
{
    const Wide c1 = wide_constant(by[0]);
    const Wide c2 = wide_constant(by[1]);
    for (size_t at = 0; at < size; at += WIDE_BYTES) {
        Wide s0, s1, s2;
        if (way == FAR_WAY)
            fetch_ahead(in, 5, at);
        { const Wide v = wide_load(in[0] + at), w = wide_load(in[1] + at);
        s0 = v; wide_add(&s0, w);
        s1 = wide_times(v, c1); wide_add(&s1, wide_times(w, c1));
        s2 = wide_times(v, c2); wide_add(&s2, wide_times(w, c2));
        }
        { const Wide v = wide_load(in[2] + at);
        wide_add(&s0, v);
        }
        { const Wide v = wide_load(in[3] + at);
        wide_add(&s1, v);
        }
        { const Wide v = wide_load(in[4] + at);
        wide_add(&s2, v);
        }
        wide_store(out[0] + at, s0, way);
        wide_store(out[1] + at, s1, way);
        wide_store(out[2] + at, s2, way);
    }
}
NARROW static void narrow_0(ROWS)
{
    (void)by, (void)way;
    for (size_t at = 0; at < size; at += LINE) {
        { Narrow a0, b0, a1, b1, a2, b2;
          { const uint8_t *v = in[0] + at;
          a0 = narrow_load(v);
          b0 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a1 = narrow_load(v);
          b1 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a2 = narrow_load(v);
          b2 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[8] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[9] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[16] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[18] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[24] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[26] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[0] + at, a0);
          narrow_store(out[0] + at + NARROW_BYTES, b0);
          narrow_store(out[1] + at, a1);
          narrow_store(out[1] + at + NARROW_BYTES, b1);
          narrow_store(out[2] + at, a2);
          narrow_store(out[2] + at + NARROW_BYTES, b2);
        }
        { Narrow a3, b3, a4, b4, a5, b5;
          { const uint8_t *v = in[3] + at;
          a3 = narrow_load(v);
          b3 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a4 = narrow_load(v);
          b4 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a5 = narrow_load(v);
          b5 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[12] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[20] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[21] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[27] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[3] + at, a3);
          narrow_store(out[3] + at + NARROW_BYTES, b3);
          narrow_store(out[4] + at, a4);
          narrow_store(out[4] + at + NARROW_BYTES, b4);
          narrow_store(out[5] + at, a5);
          narrow_store(out[5] + at + NARROW_BYTES, b5);
        }
        { Narrow a6, b6, a7, b7;
          { const uint8_t *v = in[6] + at;
          a6 = narrow_load(v);
          b6 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a7 = narrow_load(v);
          b7 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[15] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[30] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[6] + at, a6);
          narrow_store(out[6] + at + NARROW_BYTES, b6);
          narrow_store(out[7] + at, a7);
          narrow_store(out[7] + at + NARROW_BYTES, b7);
        }
        { Narrow a8, b8, a9, b9, a10, b10;
          { const uint8_t *v = in[24] + at;
          a9 = narrow_load(v);
          b9 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a8 = narrow_load(v);
          b8 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[27] + at;
          a10 = narrow_load(v);
          b10 = narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[16] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[18] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[12] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[0] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[8] + at, a8);
          narrow_store(out[8] + at + NARROW_BYTES, b8);
          narrow_store(out[9] + at, a9);
          narrow_store(out[9] + at + NARROW_BYTES, b9);
          narrow_store(out[10] + at, a10);
          narrow_store(out[10] + at + NARROW_BYTES, b10);
        }
        { Narrow a11, b11, a12, b12, a13, b13;
          { const uint8_t *v = in[26] + at;
          a11 = narrow_load(v);
          b11 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a13 = narrow_load(v);
          b13 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a12 = narrow_load(v);
          b12 = narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[17] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[8] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[9] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[15] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[3] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[11] + at, a11);
          narrow_store(out[11] + at + NARROW_BYTES, b11);
          narrow_store(out[12] + at, a12);
          narrow_store(out[12] + at + NARROW_BYTES, b12);
          narrow_store(out[13] + at, a13);
          narrow_store(out[13] + at + NARROW_BYTES, b13);
        }
        { Narrow a14, b14, a15, b15;
          { const uint8_t *v = in[30] + at;
          a15 = narrow_load(v);
          b15 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a14 = narrow_load(v);
          b14 = narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[20] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[21] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[10] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[6] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[14] + at, a14);
          narrow_store(out[14] + at + NARROW_BYTES, b14);
          narrow_store(out[15] + at, a15);
          narrow_store(out[15] + at + NARROW_BYTES, b15);
        }
    }
}
NARROW static void narrow_5(ROWS)
{
    (void)by, (void)way;
    for (size_t at = 0; at < size; at += LINE) {
        { Narrow a0, b0, a1, b1, a2, b2;
          { const uint8_t *v = in[0] + at;
          a0 = narrow_load(v);
          b0 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a1 = narrow_load(v);
          b1 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a2 = narrow_load(v);
          b2 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[8] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[9] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[16] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[18] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[24] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[26] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[32] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[33] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[34] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[40] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[41] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[42] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[48] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[49] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[50] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[56] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[57] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[58] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[0] + at, a0);
          narrow_store(out[0] + at + NARROW_BYTES, b0);
          narrow_store(out[1] + at, a1);
          narrow_store(out[1] + at + NARROW_BYTES, b1);
          narrow_store(out[2] + at, a2);
          narrow_store(out[2] + at + NARROW_BYTES, b2);
        }
        { Narrow a3, b3, a4, b4, a5, b5;
          { const uint8_t *v = in[3] + at;
          a3 = narrow_load(v);
          b3 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a4 = narrow_load(v);
          b4 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a5 = narrow_load(v);
          b5 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[12] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[20] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[21] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[27] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[35] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[36] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[37] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[43] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[44] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[45] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[51] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[52] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[53] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[59] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[60] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[61] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[3] + at, a3);
          narrow_store(out[3] + at + NARROW_BYTES, b3);
          narrow_store(out[4] + at, a4);
          narrow_store(out[4] + at + NARROW_BYTES, b4);
          narrow_store(out[5] + at, a5);
          narrow_store(out[5] + at + NARROW_BYTES, b5);
        }
        { Narrow a6, b6, a7, b7;
          { const uint8_t *v = in[6] + at;
          a6 = narrow_load(v);
          b6 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a7 = narrow_load(v);
          b7 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[15] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[30] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[38] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[39] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[46] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[47] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[54] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[55] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[62] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[63] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[6] + at, a6);
          narrow_store(out[6] + at + NARROW_BYTES, b6);
          narrow_store(out[7] + at, a7);
          narrow_store(out[7] + at + NARROW_BYTES, b7);
        }
        { Narrow a8, b8, a9, b9, a10, b10;
          { const uint8_t *v = in[56] + at;
          a9 = narrow_load(v);
          b9 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[57] + at;
          a8 = narrow_load(v);
          b8 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[59] + at;
          a10 = narrow_load(v);
          b10 = narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[48] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[49] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[51] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[40] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[42] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[43] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[32] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[34] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[35] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[28] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[30] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[20] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[21] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[8] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[9] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a8 = narrow_twice(a8);
          b8 = narrow_twice(b8);
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          { const uint8_t *v = in[0] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[8] + at, a8);
          narrow_store(out[8] + at + NARROW_BYTES, b8);
          narrow_store(out[9] + at, a9);
          narrow_store(out[9] + at + NARROW_BYTES, b9);
          narrow_store(out[10] + at, a10);
          narrow_store(out[10] + at + NARROW_BYTES, b10);
        }
        { Narrow a11, b11, a12, b12, a13, b13;
          { const uint8_t *v = in[58] + at;
          a11 = narrow_load(v);
          b11 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[60] + at;
          a13 = narrow_load(v);
          b13 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[61] + at;
          a12 = narrow_load(v);
          b12 = narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[50] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[52] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[53] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[41] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[46] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[47] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[33] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[38] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[39] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[24] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[16] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[11] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[12] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          { const uint8_t *v = in[3] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[11] + at, a11);
          narrow_store(out[11] + at + NARROW_BYTES, b11);
          narrow_store(out[12] + at, a12);
          narrow_store(out[12] + at + NARROW_BYTES, b12);
          narrow_store(out[13] + at, a13);
          narrow_store(out[13] + at + NARROW_BYTES, b13);
        }
        { Narrow a14, b14, a15, b15;
          { const uint8_t *v = in[62] + at;
          a15 = narrow_load(v);
          b15 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[63] + at;
          a14 = narrow_load(v);
          b14 = narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[54] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[55] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[44] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[45] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[36] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[37] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[26] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[27] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[18] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[14] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[15] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          { const uint8_t *v = in[6] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[14] + at, a14);
          narrow_store(out[14] + at + NARROW_BYTES, b14);
          narrow_store(out[15] + at, a15);
          narrow_store(out[15] + at + NARROW_BYTES, b15);
        }
    }
}
NARROW static void narrow_9(ROWS)
{
    (void)by, (void)way;
    for (size_t at = 0; at < size; at += LINE) {
        { Narrow a0, b0, a1, b1, a2, b2;
          { const uint8_t *v = in[0] + at;
          a0 = narrow_load(v);
          b0 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a1 = narrow_load(v);
          b1 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a2 = narrow_load(v);
          b2 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[9] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[18] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[20] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[27] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[36] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[37] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[38] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[45] + at;
          a0 ^= narrow_load(v);
          b0 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[46] + at;
          a1 ^= narrow_load(v);
          b1 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[47] + at;
          a2 ^= narrow_load(v);
          b2 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[0] + at, a0);
          narrow_store(out[0] + at + NARROW_BYTES, b0);
          narrow_store(out[1] + at, a1);
          narrow_store(out[1] + at + NARROW_BYTES, b1);
          narrow_store(out[2] + at, a2);
          narrow_store(out[2] + at + NARROW_BYTES, b2);
        }
        { Narrow a3, b3, a4, b4, a5, b5;
          { const uint8_t *v = in[3] + at;
          a3 = narrow_load(v);
          b3 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a4 = narrow_load(v);
          b4 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a5 = narrow_load(v);
          b5 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[12] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[21] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[30] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[32] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[39] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[40] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[41] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[48] + at;
          a3 ^= narrow_load(v);
          b3 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[49] + at;
          a4 ^= narrow_load(v);
          b4 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[50] + at;
          a5 ^= narrow_load(v);
          b5 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[3] + at, a3);
          narrow_store(out[3] + at + NARROW_BYTES, b3);
          narrow_store(out[4] + at, a4);
          narrow_store(out[4] + at + NARROW_BYTES, b4);
          narrow_store(out[5] + at, a5);
          narrow_store(out[5] + at + NARROW_BYTES, b5);
        }
        { Narrow a6, b6, a7, b7, a8, b8;
          { const uint8_t *v = in[6] + at;
          a6 = narrow_load(v);
          b6 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a7 = narrow_load(v);
          b7 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[8] + at;
          a8 = narrow_load(v);
          b8 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[15] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[16] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[24] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[26] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[33] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[34] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[35] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[42] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[43] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[44] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[51] + at;
          a6 ^= narrow_load(v);
          b6 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[52] + at;
          a7 ^= narrow_load(v);
          b7 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[53] + at;
          a8 ^= narrow_load(v);
          b8 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[6] + at, a6);
          narrow_store(out[6] + at + NARROW_BYTES, b6);
          narrow_store(out[7] + at, a7);
          narrow_store(out[7] + at + NARROW_BYTES, b7);
          narrow_store(out[8] + at, a8);
          narrow_store(out[8] + at + NARROW_BYTES, b8);
        }
        { Narrow a9, b9, a10, b10, a11, b11;
          { const uint8_t *v = in[45] + at;
          a11 = narrow_load(v);
          b11 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[46] + at;
          a9 = narrow_load(v);
          b9 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[47] + at;
          a10 = narrow_load(v);
          b10 = narrow_load(v + NARROW_BYTES);
          }
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          { const uint8_t *v = in[36] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[37] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[38] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          { const uint8_t *v = in[30] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[32] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          { const uint8_t *v = in[21] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          { const uint8_t *v = in[9] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          a9 = narrow_twice(a9);
          b9 = narrow_twice(b9);
          a10 = narrow_twice(a10);
          b10 = narrow_twice(b10);
          a11 = narrow_twice(a11);
          b11 = narrow_twice(b11);
          { const uint8_t *v = in[0] + at;
          a9 ^= narrow_load(v);
          b9 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a10 ^= narrow_load(v);
          b10 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a11 ^= narrow_load(v);
          b11 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[9] + at, a9);
          narrow_store(out[9] + at + NARROW_BYTES, b9);
          narrow_store(out[10] + at, a10);
          narrow_store(out[10] + at + NARROW_BYTES, b10);
          narrow_store(out[11] + at, a11);
          narrow_store(out[11] + at + NARROW_BYTES, b11);
        }
        { Narrow a12, b12, a13, b13, a14, b14;
          { const uint8_t *v = in[48] + at;
          a14 = narrow_load(v);
          b14 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[49] + at;
          a12 = narrow_load(v);
          b12 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[50] + at;
          a13 = narrow_load(v);
          b13 = narrow_load(v + NARROW_BYTES);
          }
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          { const uint8_t *v = in[39] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[40] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[41] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          { const uint8_t *v = in[33] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[34] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[35] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          { const uint8_t *v = in[24] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[26] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          { const uint8_t *v = in[12] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          a12 = narrow_twice(a12);
          b12 = narrow_twice(b12);
          a13 = narrow_twice(a13);
          b13 = narrow_twice(b13);
          a14 = narrow_twice(a14);
          b14 = narrow_twice(b14);
          { const uint8_t *v = in[3] + at;
          a12 ^= narrow_load(v);
          b12 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a13 ^= narrow_load(v);
          b13 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a14 ^= narrow_load(v);
          b14 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[12] + at, a12);
          narrow_store(out[12] + at + NARROW_BYTES, b12);
          narrow_store(out[13] + at, a13);
          narrow_store(out[13] + at + NARROW_BYTES, b13);
          narrow_store(out[14] + at, a14);
          narrow_store(out[14] + at + NARROW_BYTES, b14);
        }
        { Narrow a15, b15, a16, b16, a17, b17;
          { const uint8_t *v = in[51] + at;
          a17 = narrow_load(v);
          b17 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[52] + at;
          a15 = narrow_load(v);
          b15 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[53] + at;
          a16 = narrow_load(v);
          b16 = narrow_load(v + NARROW_BYTES);
          }
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          a16 = narrow_twice(a16);
          b16 = narrow_twice(b16);
          a17 = narrow_twice(a17);
          b17 = narrow_twice(b17);
          { const uint8_t *v = in[42] + at;
          a17 ^= narrow_load(v);
          b17 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[43] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[44] + at;
          a16 ^= narrow_load(v);
          b16 ^= narrow_load(v + NARROW_BYTES);
          }
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          a16 = narrow_twice(a16);
          b16 = narrow_twice(b16);
          a17 = narrow_twice(a17);
          b17 = narrow_twice(b17);
          { const uint8_t *v = in[27] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a16 ^= narrow_load(v);
          b16 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a17 ^= narrow_load(v);
          b17 ^= narrow_load(v + NARROW_BYTES);
          }
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          a16 = narrow_twice(a16);
          b16 = narrow_twice(b16);
          a17 = narrow_twice(a17);
          b17 = narrow_twice(b17);
          { const uint8_t *v = in[18] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a16 ^= narrow_load(v);
          b16 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[20] + at;
          a17 ^= narrow_load(v);
          b17 ^= narrow_load(v + NARROW_BYTES);
          }
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          a16 = narrow_twice(a16);
          b16 = narrow_twice(b16);
          a17 = narrow_twice(a17);
          b17 = narrow_twice(b17);
          { const uint8_t *v = in[15] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[16] + at;
          a16 ^= narrow_load(v);
          b16 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a17 ^= narrow_load(v);
          b17 ^= narrow_load(v + NARROW_BYTES);
          }
          a15 = narrow_twice(a15);
          b15 = narrow_twice(b15);
          a16 = narrow_twice(a16);
          b16 = narrow_twice(b16);
          a17 = narrow_twice(a17);
          b17 = narrow_twice(b17);
          { const uint8_t *v = in[6] + at;
          a15 ^= narrow_load(v);
          b15 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a16 ^= narrow_load(v);
          b16 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[8] + at;
          a17 ^= narrow_load(v);
          b17 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[15] + at, a15);
          narrow_store(out[15] + at + NARROW_BYTES, b15);
          narrow_store(out[16] + at, a16);
          narrow_store(out[16] + at + NARROW_BYTES, b16);
          narrow_store(out[17] + at, a17);
          narrow_store(out[17] + at + NARROW_BYTES, b17);
        }
        { Narrow a18, b18, a19, b19, a20, b20;
          { const uint8_t *v = in[45] + at;
          a19 = narrow_load(v);
          b19 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[46] + at;
          a20 = narrow_load(v);
          b20 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[47] + at;
          a18 = narrow_load(v);
          b18 = narrow_load(v + NARROW_BYTES);
          }
          a18 = narrow_four_times(a18);
          b18 = narrow_four_times(b18);
          a19 = narrow_four_times(a19);
          b19 = narrow_four_times(b19);
          a20 = narrow_four_times(a20);
          b20 = narrow_four_times(b20);
          { const uint8_t *v = in[36] + at;
          a19 ^= narrow_load(v);
          b19 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[37] + at;
          a20 ^= narrow_load(v);
          b20 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[38] + at;
          a18 ^= narrow_load(v);
          b18 ^= narrow_load(v + NARROW_BYTES);
          }
          a18 = narrow_four_times(a18);
          b18 = narrow_four_times(b18);
          a19 = narrow_four_times(a19);
          b19 = narrow_four_times(b19);
          a20 = narrow_four_times(a20);
          b20 = narrow_four_times(b20);
          { const uint8_t *v = in[33] + at;
          a18 ^= narrow_load(v);
          b18 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[34] + at;
          a19 ^= narrow_load(v);
          b19 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[35] + at;
          a20 ^= narrow_load(v);
          b20 ^= narrow_load(v + NARROW_BYTES);
          }
          a18 = narrow_four_times(a18);
          b18 = narrow_four_times(b18);
          a19 = narrow_four_times(a19);
          b19 = narrow_four_times(b19);
          a20 = narrow_four_times(a20);
          b20 = narrow_four_times(b20);
          { const uint8_t *v = in[24] + at;
          a18 ^= narrow_load(v);
          b18 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[25] + at;
          a19 ^= narrow_load(v);
          b19 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[26] + at;
          a20 ^= narrow_load(v);
          b20 ^= narrow_load(v + NARROW_BYTES);
          }
          a18 = narrow_four_times(a18);
          b18 = narrow_four_times(b18);
          a19 = narrow_four_times(a19);
          b19 = narrow_four_times(b19);
          a20 = narrow_four_times(a20);
          b20 = narrow_four_times(b20);
          { const uint8_t *v = in[9] + at;
          a18 ^= narrow_load(v);
          b18 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[10] + at;
          a19 ^= narrow_load(v);
          b19 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[11] + at;
          a20 ^= narrow_load(v);
          b20 ^= narrow_load(v + NARROW_BYTES);
          }
          a18 = narrow_four_times(a18);
          b18 = narrow_four_times(b18);
          a19 = narrow_four_times(a19);
          b19 = narrow_four_times(b19);
          a20 = narrow_four_times(a20);
          b20 = narrow_four_times(b20);
          { const uint8_t *v = in[0] + at;
          a18 ^= narrow_load(v);
          b18 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[1] + at;
          a19 ^= narrow_load(v);
          b19 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[2] + at;
          a20 ^= narrow_load(v);
          b20 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[18] + at, a18);
          narrow_store(out[18] + at + NARROW_BYTES, b18);
          narrow_store(out[19] + at, a19);
          narrow_store(out[19] + at + NARROW_BYTES, b19);
          narrow_store(out[20] + at, a20);
          narrow_store(out[20] + at + NARROW_BYTES, b20);
        }
        { Narrow a21, b21, a22, b22, a23, b23;
          { const uint8_t *v = in[48] + at;
          a22 = narrow_load(v);
          b22 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[49] + at;
          a23 = narrow_load(v);
          b23 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[50] + at;
          a21 = narrow_load(v);
          b21 = narrow_load(v + NARROW_BYTES);
          }
          a21 = narrow_four_times(a21);
          b21 = narrow_four_times(b21);
          a22 = narrow_four_times(a22);
          b22 = narrow_four_times(b22);
          a23 = narrow_four_times(a23);
          b23 = narrow_four_times(b23);
          { const uint8_t *v = in[39] + at;
          a22 ^= narrow_load(v);
          b22 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[40] + at;
          a23 ^= narrow_load(v);
          b23 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[41] + at;
          a21 ^= narrow_load(v);
          b21 ^= narrow_load(v + NARROW_BYTES);
          }
          a21 = narrow_four_times(a21);
          b21 = narrow_four_times(b21);
          a22 = narrow_four_times(a22);
          b22 = narrow_four_times(b22);
          a23 = narrow_four_times(a23);
          b23 = narrow_four_times(b23);
          { const uint8_t *v = in[27] + at;
          a21 ^= narrow_load(v);
          b21 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[28] + at;
          a22 ^= narrow_load(v);
          b22 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[29] + at;
          a23 ^= narrow_load(v);
          b23 ^= narrow_load(v + NARROW_BYTES);
          }
          a21 = narrow_four_times(a21);
          b21 = narrow_four_times(b21);
          a22 = narrow_four_times(a22);
          b22 = narrow_four_times(b22);
          a23 = narrow_four_times(a23);
          b23 = narrow_four_times(b23);
          { const uint8_t *v = in[18] + at;
          a21 ^= narrow_load(v);
          b21 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[19] + at;
          a22 ^= narrow_load(v);
          b22 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[20] + at;
          a23 ^= narrow_load(v);
          b23 ^= narrow_load(v + NARROW_BYTES);
          }
          a21 = narrow_four_times(a21);
          b21 = narrow_four_times(b21);
          a22 = narrow_four_times(a22);
          b22 = narrow_four_times(b22);
          a23 = narrow_four_times(a23);
          b23 = narrow_four_times(b23);
          { const uint8_t *v = in[12] + at;
          a21 ^= narrow_load(v);
          b21 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[13] + at;
          a22 ^= narrow_load(v);
          b22 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[14] + at;
          a23 ^= narrow_load(v);
          b23 ^= narrow_load(v + NARROW_BYTES);
          }
          a21 = narrow_four_times(a21);
          b21 = narrow_four_times(b21);
          a22 = narrow_four_times(a22);
          b22 = narrow_four_times(b22);
          a23 = narrow_four_times(a23);
          b23 = narrow_four_times(b23);
          { const uint8_t *v = in[3] + at;
          a21 ^= narrow_load(v);
          b21 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[4] + at;
          a22 ^= narrow_load(v);
          b22 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[5] + at;
          a23 ^= narrow_load(v);
          b23 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[21] + at, a21);
          narrow_store(out[21] + at + NARROW_BYTES, b21);
          narrow_store(out[22] + at, a22);
          narrow_store(out[22] + at + NARROW_BYTES, b22);
          narrow_store(out[23] + at, a23);
          narrow_store(out[23] + at + NARROW_BYTES, b23);
        }
        { Narrow a24, b24, a25, b25, a26, b26;
          { const uint8_t *v = in[51] + at;
          a25 = narrow_load(v);
          b25 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[52] + at;
          a26 = narrow_load(v);
          b26 = narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[53] + at;
          a24 = narrow_load(v);
          b24 = narrow_load(v + NARROW_BYTES);
          }
          a24 = narrow_four_times(a24);
          b24 = narrow_four_times(b24);
          a25 = narrow_four_times(a25);
          b25 = narrow_four_times(b25);
          a26 = narrow_four_times(a26);
          b26 = narrow_four_times(b26);
          { const uint8_t *v = in[42] + at;
          a25 ^= narrow_load(v);
          b25 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[43] + at;
          a26 ^= narrow_load(v);
          b26 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[44] + at;
          a24 ^= narrow_load(v);
          b24 ^= narrow_load(v + NARROW_BYTES);
          }
          a24 = narrow_four_times(a24);
          b24 = narrow_four_times(b24);
          a25 = narrow_four_times(a25);
          b25 = narrow_four_times(b25);
          a26 = narrow_four_times(a26);
          b26 = narrow_four_times(b26);
          { const uint8_t *v = in[30] + at;
          a24 ^= narrow_load(v);
          b24 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[31] + at;
          a25 ^= narrow_load(v);
          b25 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[32] + at;
          a26 ^= narrow_load(v);
          b26 ^= narrow_load(v + NARROW_BYTES);
          }
          a24 = narrow_four_times(a24);
          b24 = narrow_four_times(b24);
          a25 = narrow_four_times(a25);
          b25 = narrow_four_times(b25);
          a26 = narrow_four_times(a26);
          b26 = narrow_four_times(b26);
          { const uint8_t *v = in[21] + at;
          a24 ^= narrow_load(v);
          b24 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[22] + at;
          a25 ^= narrow_load(v);
          b25 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[23] + at;
          a26 ^= narrow_load(v);
          b26 ^= narrow_load(v + NARROW_BYTES);
          }
          a24 = narrow_four_times(a24);
          b24 = narrow_four_times(b24);
          a25 = narrow_four_times(a25);
          b25 = narrow_four_times(b25);
          a26 = narrow_four_times(a26);
          b26 = narrow_four_times(b26);
          { const uint8_t *v = in[15] + at;
          a24 ^= narrow_load(v);
          b24 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[16] + at;
          a25 ^= narrow_load(v);
          b25 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[17] + at;
          a26 ^= narrow_load(v);
          b26 ^= narrow_load(v + NARROW_BYTES);
          }
          a24 = narrow_four_times(a24);
          b24 = narrow_four_times(b24);
          a25 = narrow_four_times(a25);
          b25 = narrow_four_times(b25);
          a26 = narrow_four_times(a26);
          b26 = narrow_four_times(b26);
          { const uint8_t *v = in[6] + at;
          a24 ^= narrow_load(v);
          b24 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[7] + at;
          a25 ^= narrow_load(v);
          b25 ^= narrow_load(v + NARROW_BYTES);
          }
          { const uint8_t *v = in[8] + at;
          a26 ^= narrow_load(v);
          b26 ^= narrow_load(v + NARROW_BYTES);
          }
          narrow_store(out[24] + at, a24);
          narrow_store(out[24] + at + NARROW_BYTES, b24);
          narrow_store(out[25] + at, a25);
          narrow_store(out[25] + at + NARROW_BYTES, b25);
          narrow_store(out[26] + at, a26);
          narrow_store(out[26] + at + NARROW_BYTES, b26);
        }
    }
}
static const Kernel KERNELS[] = {
    {"29873e1eff30f3b3", 32, 0, 16, 3, wide_0, narrow_0,
     "\x02\x04\x08"},
    {"ad10bf4b634c62db", 20, 0, 8, 4, wide_1, NULL,
     "\x02\x04\x08\x01"},
    {"da26b9e2d567eeb1", 32, 24, 16, 7, wide_2, NULL,
     "\x04\x08\x01\xa6\x53\xa7\x53"},
    {"585fff07f6217f49", 4, 0, 2, 0, wide_3, NULL,
     ""},
    {"6f352a85a35e08f9", 4, 0, 2, 1, wide_4, NULL,
     "\x02"},
    {"94ad5e06138fa6ff", 64, 0, 16, 7, wide_5, narrow_5,
     "\x02\x04\x08\x10\x20\x40\x80"},
    {"5a38d298eba7dc80", 40, 0, 8, 8, wide_6, NULL,
     "\x02\x04\x08\x10\x20\x40\x80\x01"},
    {"a4db9397ce9f5657", 64, 24, 16, 9, wide_7, NULL,
     "\x04\x08\x10\x20\x40\x80\x01\xf5\xf4"},
    {"316a5660a4fea022", 64, 24, 16, 11, wide_8, NULL,
     "\x02\x08\x10\x20\x40\x80\x01\x73\xd5\x72\xd5"},
    {"ac61875a43f27e88", 54, 0, 27, 8, wide_9, narrow_9,
     "\x02\x04\x08\x10\x20\x40\x1d\x74"},
    {"a4b2627f48d40815", 30, 0, 9, 12, wide_10, NULL,
     "\x04\x10\x40\x1d\x74\x01\x02\x04\x08\x10\x20\x01"},
    {"99aac3c034858371", 54, 27, 18, 7, wide_11, NULL,
     "\x04\x08\x10\x20\x01\xf5\xf4"},
    {"4d76582dc3c01588", 54, 27, 18, 11, wide_12, NULL,
     "\x02\x08\x10\x20\x01\x5e\x61\x99\x5f\x61\x99"},
    {"d76437c769ffd414", 5, 0, 3, 0, wide_13, NULL,
     ""},
    {"17f2029db2af27f0", 5, 0, 3, 2, wide_14, NULL,
     "\x02\x04"},
};
