// c = a * b, square, row by row. A work group computes a square tile of c. It goes along a row of
// tiles of a and a column of tiles of b, brings one of each into local memory, and has every element
// read from there. The range may stick out of the matrix; what does counts as zero.
#define SIDE 16

kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
void matrix_multiply(global const float *a, global const float *b, global float *c, int n) {
  local float tile_a[SIDE][SIDE];
  local float tile_b[SIDE][SIDE];
  int x = get_local_id(0);
  int y = get_local_id(1);
  size_t column = get_global_id(0);
  size_t row = get_global_id(1);
  float sum = 0.0f;
  for (int first = 0; first < n; first += SIDE) {
    bool inside_a = row < n && first + x < n;
    bool inside_b = column < n && first + y < n;
    tile_a[y][x] = inside_a ? a[row * n + first + x] : 0.0f;
    tile_b[y][x] = inside_b ? b[(size_t) (first + y) * n + column] : 0.0f;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < SIDE; k++) {
      sum += tile_a[y][k] * tile_b[k][x];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < n && column < n) {
    c[row * n + column] = sum;
  }
}
