package dev.gmem.sim;

import java.util.concurrent.atomic.LongAdder;

/** Where a device counts. Threads: any. */
final class SimCounters {
  final LongAdder maps = new LongAdder();
  final LongAdder unmaps = new LongAdder();
  final LongAdder protects = new LongAdder();
  final LongAdder copies = new LongAdder();
  final LongAdder bytesToDevice = new LongAdder();
  final LongAdder bytesToHost = new LongAdder();
  final LongAdder bytesBetweenDevices = new LongAdder();
  final LongAdder readFaults = new LongAdder();
  final LongAdder writeFaults = new LongAdder();
  final LongAdder tlbHits = new LongAdder();
  final LongAdder tlbMisses = new LongAdder();
  final LongAdder shootdowns = new LongAdder();
  final LongAdder launches = new LongAdder();
}
