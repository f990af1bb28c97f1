// Finds the nearest centre of each point; both are three floats. On a tie the first one wins.
#pragma OPENCL FP_CONTRACT OFF
kernel void assign(global const float *points, global const float *centres, global int *labels,
    int centreCount) {
  size_t i = get_global_id(0);
  float best = INFINITY;
  int label = 0;
  for (int k = 0; k < centreCount; k++) {
    float dx = points[3 * i] - centres[3 * k];
    float dy = points[3 * i + 1] - centres[3 * k + 1];
    float dz = points[3 * i + 2] - centres[3 * k + 2];
    float square = dx * dx + dy * dy + dz * dz;
    if (square < best) {
      best = square;
      label = k;
    }
  }
  labels[i] = label;
}
