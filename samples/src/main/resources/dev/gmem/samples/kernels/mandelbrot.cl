// Steps until z = z * z + c leaves the circle of radius 2, at most stepsMax. Some rows of a picture:
// the first one is firstRow. The result must be that of plain IEEE arithmetic, hence the pragma.
#pragma OPENCL FP_CONTRACT OFF
kernel void mandelbrot(global int *steps, int firstRow, float left, float top, float scale,
    int stepsMax) {
  size_t x = get_global_id(0);
  size_t y = get_global_id(1);
  float cx = left + scale * (float) x;
  float cy = top - scale * (float) (firstRow + (int) y);
  float zx = 0.0f;
  float zy = 0.0f;
  int step = 0;
  while (step < stepsMax && zx * zx + zy * zy <= 4.0f) {
    float next = zx * zx - zy * zy + cx;
    zy = 2.0f * zx * zy + cy;
    zx = next;
    step++;
  }
  steps[y * get_global_size(0) + x] = step;
}
