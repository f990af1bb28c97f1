// c = a * b, square, row by row; one work item per element of c.
kernel void matrix_multiply(global const float *a, global const float *b, global float *c, int n) {
  size_t column = get_global_id(0);
  size_t row = get_global_id(1);
  float sum = 0.0f;
  for (int k = 0; k < n; k++) {
    sum += a[row * n + k] * b[(size_t) k * n + column];
  }
  c[row * n + column] = sum;
}
