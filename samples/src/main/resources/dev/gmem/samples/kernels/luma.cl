// Brightness, 0 to 255, of pixels given as alpha, red, green, blue from the highest byte down.
kernel void luma(global const uint *argb, global float *out) {
  size_t i = get_global_id(0);
  uint p = argb[i];
  out[i] = 0.299f * (p >> 16 & 255u) + 0.587f * (p >> 8 & 255u) + 0.114f * (p & 255u);
}
