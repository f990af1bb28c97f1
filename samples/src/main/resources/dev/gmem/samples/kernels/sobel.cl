// Length of Sobel's gradient. Beyond the border the border repeats.
kernel void sobel(global const float *in, global float *out, int width, int height) {
  int x = get_global_id(0);
  int y = get_global_id(1);
  int left = max(x - 1, 0);
  int right = min(x + 1, width - 1);
  size_t above = (size_t) max(y - 1, 0) * width;
  size_t here = (size_t) y * width;
  size_t below = (size_t) min(y + 1, height - 1) * width;
  float gx = in[above + right] - in[above + left] + 2.0f * (in[here + right] - in[here + left])
      + in[below + right] - in[below + left];
  float gy = in[below + left] - in[above + left] + 2.0f * (in[below + x] - in[above + x])
      + in[below + right] - in[above + right];
  out[here + x] = sqrt(gx * gx + gy * gy);
}
