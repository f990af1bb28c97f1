// One generation of Conway's game of life on a torus, one byte per cell.
kernel void life_step(global const uchar *now, global uchar *next, int width, int height) {
  int x = get_global_id(0);
  int y = get_global_id(1);
  int left = x == 0 ? width - 1 : x - 1;
  int right = x == width - 1 ? 0 : x + 1;
  size_t above = (size_t) (y == 0 ? height - 1 : y - 1) * width;
  size_t here = (size_t) y * width;
  size_t below = (size_t) (y == height - 1 ? 0 : y + 1) * width;
  int near = now[above + left] + now[above + x] + now[above + right] + now[here + left]
      + now[here + right] + now[below + left] + now[below + x] + now[below + right];
  next[here + x] = near == 3 || (near == 2 && now[here + x] == 1) ? 1 : 0;
}
