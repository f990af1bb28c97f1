// Changes velocities by the pull of the first bodies; the others weigh nothing.
// A body is four floats: x, y, z, mass times the constant of gravity.
// Rounds every product, as Java does.
#pragma OPENCL FP_CONTRACT OFF
kernel void kick(global const float *bodies, global float *velocities, int heavy, float time) {
  size_t i = get_global_id(0);
  float x = bodies[4 * i];
  float y = bodies[4 * i + 1];
  float z = bodies[4 * i + 2];
  float ax = 0.0f;
  float ay = 0.0f;
  float az = 0.0f;
  for (int j = 0; j < heavy; j++) {
    float dx = bodies[4 * j] - x;
    float dy = bodies[4 * j + 1] - y;
    float dz = bodies[4 * j + 2] - z;
    float square = dx * dx + dy * dy + dz * dz;
    float pull = square > 0.0f ? bodies[4 * j + 3] / (square * sqrt(square)) : 0.0f;
    ax += pull * dx;
    ay += pull * dy;
    az += pull * dz;
  }
  velocities[4 * i] += ax * time;
  velocities[4 * i + 1] += ay * time;
  velocities[4 * i + 2] += az * time;
}
