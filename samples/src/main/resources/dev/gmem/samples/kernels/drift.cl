// Moves bodies along their velocities.
kernel void drift(global float *bodies, global const float *velocities, float time) {
  size_t i = get_global_id(0);
  for (size_t k = 4 * i; k < 4 * i + 3; k++) {
    bodies[k] += velocities[k] * time;
  }
}
