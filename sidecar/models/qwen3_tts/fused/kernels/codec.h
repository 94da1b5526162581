// What the codec does between its products, one kernel for each kind, for CUDA and for Metal.
//
// Arrays are float32 [rows, time, channels]. A part that looks back has a past of `keep` positions;
// past and present together are its joined input, and of that each row keeps the last `keep`
// positions up to its own end for the next chunk. `lengths` has each row's frames in this chunk
// and then, clipped to the attention's window, those before it. The numbers in `n` are sizes;
// sidecar/models/qwen3_tts/fused/operations.py gives them, and describes the operations.
//
// IN, OUT, INTS and SHARED are pointers, and DEVICE a function's prefix: cuda.h and metal.h.

DEVICE float snake(float v, float alpha, float inverse_beta) {
  const float s = sine(v * alpha);
  return v + inverse_beta * s * s;
}

// n: elements, channels, is there a second summand.
DEVICE void codec_activate(IN(float) x, IN(float) added, IN(float) bias, IN(float) alpha,
                           IN(float) inverse_beta, OUT(float) y, INTS n, u32 thread, u32 threads) {
  const u32 channels = n[1];
  for (u32 i = thread; i < (u32)n[0]; i += threads) {
    const u32 c = i % channels;
    const float v = x[i] + bias[c] + (n[2] ? added[i] : 0.f);
    y[i] = snake(v, alpha[c], inverse_beta[c]);
  }
}

// n: rows, time, channels, keep, taps, dilation, positions per frame, windows,
//    is there a second summand, a bias, an activation, is the sum wanted.
//
// A thread has one position and channel of the joined input, and writes it into every window that
// it is in: window t has the positions t, t + dilation, … With one tap the windows are the input.
DEVICE void codec_join(IN(float) x, IN(float) added, IN(float) bias, IN(float) alpha,
                       IN(float) inverse_beta, IN(float) past, IN(int) lengths, OUT(float) sum,
                       OUT(float) windows, OUT(float) kept, INTS n, u32 thread, u32 threads) {
  const int time = n[1], channels = n[2], keep = n[3], taps = n[4], dilation = n[5];
  const int joined = keep + time, count = n[7];
  const u32 all = (u32)n[0] * (u32)joined * (u32)channels;
  for (u32 i = thread; i < all; i += threads) {
    const int c = i % channels, p = i / channels % joined, row = i / channels / joined;
    float v;
    if (p < keep) {
      v = past[(row * keep + p) * channels + c];
    } else {
      const u32 at = ((u32)row * time + (p - keep)) * channels + c;
      v = x[at];
      if (n[8]) v += added[at];
      if (n[9]) v += bias[c];
      if (n[11]) sum[at] = v;
      if (n[10]) v = snake(v, alpha[c], inverse_beta[c]);
    }
    for (int k = 0; k < taps; ++k) {
      const int t = p - k * dilation;
      if (t >= 0 && t < count) windows[(((u32)row * count + t) * taps + k) * channels + c] = v;
    }
    const int k = p - lengths[row] * n[6];
    if (k >= 0 && k < keep) kept[(row * keep + k) * channels + c] = v;
  }
}

// n: rows, time, channels, keep, positions per frame. A convolution of each channel alone, with
// keep + 1 taps: [taps, channels].
DEVICE void codec_depthwise(IN(float) x, IN(float) taps, IN(float) bias, IN(float) past,
                            IN(int) lengths, OUT(float) y, OUT(float) kept, INTS n, u32 thread,
                            u32 threads) {
  const int time = n[1], channels = n[2], keep = n[3], joined = keep + time;
  const u32 all = (u32)n[0] * (u32)joined * (u32)channels;
  for (u32 i = thread; i < all; i += threads) {
    const int c = i % channels, p = i / channels % joined, row = i / channels / joined;
    const u32 before = (u32)row * keep * channels + c, now = (u32)row * time * channels + c;
    if (p < time) {
      float total = bias[c];
      for (int k = 0; k <= keep; ++k) {
        const int q = p + k;
        const float v = q < keep ? past[before + q * channels] : x[now + (q - keep) * channels];
        total += taps[k * channels + c] * v;
      }
      y[now + p * channels] = total;
    }
    const int k = p - lengths[row] * n[4];
    if (k >= 0 && k < keep)
      kept[before + k * channels] = p < keep ? past[before + p * channels] : x[now + (p - keep) * channels];
  }
}

// n: rows, time, values of a stride (stride × channels), channels, positions per frame.
// Each position gave two strides of outputs, [time, 2, values]; the second meets the next one's
// first.
DEVICE void codec_overlap(IN(float) parts, IN(float) bias, IN(float) past, IN(int) lengths,
                          OUT(float) y, OUT(float) kept, INTS n, u32 thread, u32 threads) {
  const int time = n[1], values = n[2];
  const u32 all = (u32)n[0] * (u32)time * (u32)values;
  for (u32 i = thread; i < all; i += threads) {
    const int v = i % values, t = i / values % time, row = i / values / time;
    const u32 at = ((u32)row * time + t) * 2 * values + v;
    const float before = t ? parts[at - values] : past[row * values + v];
    y[i] = parts[at] + before + bias[v % n[3]];
    if (t + 1 == lengths[row] * n[4]) kept[row * values + v] = parts[at + values];
  }
}

// n: rows, time, heads, heads of keys, size of a head, keep. `shared` has room for a head and for
// keep + 1 weights.
//
// Keys are kept as they come, and rotated by their place in the joined input: attention depends
// on distances only. A block has one head of one query; `lane` is a thread's place in it.
DEVICE void codec_attend(IN(float) qkv, IN(float) past, IN(float) cosines, IN(float) sines,
                         IN(int) lengths, OUT(float) attended, OUT(float) kept, INTS n, u32 block,
                         u32 blocks, u32 lane, SHARED(float) shared) {
  const int rows = n[0], time = n[1], heads = n[2], kv_heads = n[3], size = n[4], keep = n[5];
  const int half_size = size / 2, width = (heads + 2 * kv_heads) * size;
  const float scale = inverse_root((float)size);
  SHARED(float) query = shared;
  SHARED(float) weights = shared + size;
  for (int task = block; task < rows * heads * time; task += blocks) {
    const int t = task % time, head = task / time % heads, row = task / time / heads;
    const int kv_head = head / (heads / kv_heads);
    const int seen = lengths[rows + row] < keep ? lengths[rows + row] : keep;
    for (int d = lane; d < half_size; d += THREADS) {
      const u32 at = ((u32)row * time + t) * width + head * size + d;
      const float a = qkv[at], b = qkv[at + half_size];
      const float c = cosines[(keep + t) * half_size + d], s = sines[(keep + t) * half_size + d];
      query[d] = (a * c - b * s) * scale;
      query[d + half_size] = (b * c + a * s) * scale;
    }
    sync_block();
    for (int k = lane; k <= keep; k += THREADS) {
      const int p = t + k;
      float score = 0.f;
      for (int d = 0; d < half_size; ++d) {
        float a, b;
        if (p < keep) {
          const u32 at = (((u32)row * 2 * kv_heads + kv_head) * keep + p) * size + d;
          a = past[at], b = past[at + half_size];
        } else {
          const u32 at = ((u32)row * time + (p - keep)) * width + (heads + kv_head) * size + d;
          a = qkv[at], b = qkv[at + half_size];
        }
        const float c = cosines[p * half_size + d], s = sines[p * half_size + d];
        score += query[d] * (a * c - b * s) + query[d + half_size] * (b * c + a * s);
      }
      weights[k] = p < keep - seen ? -3e38f : score;
    }
    sync_block();
    float most = -3e38f, total = 0.f;
    for (int k = 0; k <= keep; ++k) most = weights[k] > most ? weights[k] : most;
    for (int k = 0; k <= keep; ++k) total += exponential_of(weights[k] - most);
    for (int d = lane; d < size; d += THREADS) {
      float y = 0.f;
      for (int k = 0; k <= keep; ++k) {
        const int p = t + k;
        const float v = p < keep ? past[((((u32)row * 2 + 1) * kv_heads + kv_head) * keep + p) * size + d]
                                 : qkv[((u32)row * time + (p - keep)) * width + (heads + kv_heads + kv_head) * size + d];
        y += exponential_of(weights[k] - most) * v;
      }
      attended[((u32)row * time + t) * heads * size + head * size + d] = y / total;
    }
    sync_block();
  }
  const u32 all = (u32)rows * 2 * kv_heads * keep * size;
  for (u32 i = block * THREADS + lane; i < all; i += blocks * THREADS) {
    const int d = i % size, k = i / size % keep, head = i / size / keep % (2 * kv_heads);
    const int row = i / size / keep / (2 * kv_heads), p = k + lengths[row];
    kept[i] = p < keep ? past[i + lengths[row] * size]
                       : qkv[((u32)row * time + (p - keep)) * width + (heads + head) * size + d];
  }
}
