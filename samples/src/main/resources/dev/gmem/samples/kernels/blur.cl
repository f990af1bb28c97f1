// Gaussian 5 x 5: the binomial weights 1 4 6 4 1, each way. Beyond the border the border repeats.
kernel void blur(global const float *in, global float *out, int width, int height) {
  int x = get_global_id(0);
  int y = get_global_id(1);
  const float weight[5] = {1.0f, 4.0f, 6.0f, 4.0f, 1.0f};
  float sum = 0.0f;
  for (int dy = -2; dy <= 2; dy++) {
    size_t row = (size_t) clamp(y + dy, 0, height - 1) * width;
    float line = 0.0f;
    for (int dx = -2; dx <= 2; dx++) {
      line += weight[dx + 2] * in[row + clamp(x + dx, 0, width - 1)];
    }
    sum += weight[dy + 2] * line;
  }
  out[(size_t) y * width + x] = sum * (1.0f / 256.0f);
}
