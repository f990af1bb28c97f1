// One iteration of PageRank: a node gathers from the nodes that lead to it.
// Edges that end in node v are first[v] to first[v + 1], exclusive.
kernel void rank_gather(global const int *first, global const int *source,
    global const float *share, global const float *rank, global float *next,
    float damping, float base) {
  size_t v = get_global_id(0);
  float sum = 0.0f;
  for (int e = first[v]; e < first[v + 1]; e++) {
    sum += share[e] * rank[source[e]];
  }
  next[v] = base + damping * sum;
}
