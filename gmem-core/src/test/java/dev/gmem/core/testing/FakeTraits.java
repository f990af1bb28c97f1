package dev.gmem.core.testing;

/** How a {@link FakeDevice} is, beside its capabilities. Set before it is used. */
abstract class FakeTraits {
  long memoryBytes = Long.MAX_VALUE;
  long realBytes = Long.MAX_VALUE;
  boolean protects;
  boolean copies;
  boolean moves;
  boolean movesEarly;
  boolean losesCopies;
  boolean failsLate;
  boolean publishesEarly;

  /** Limits what it says it has. */
  public FakeDevice memoryBytes(long bytes) {
    memoryBytes = bytes;
    return (FakeDevice) this;
  }

  /** Limits what it really has. */
  public FakeDevice realBytes(long bytes) {
    realBytes = bytes;
    return (FakeDevice) this;
  }

  /** Lets it change protections. */
  public FakeDevice protects() {
    protects = true;
    return (FakeDevice) this;
  }

  /** Lets it copy what is mapped. */
  public FakeDevice copies() {
    copies = true;
    return (FakeDevice) this;
  }

  /** Lets it take over what a peer owns; both need the capability. */
  public FakeDevice moves() {
    moves = true;
    return (FakeDevice) this;
  }

  /** Lets it copy what it takes over while kernels of the other device can still write it. */
  public FakeDevice movesEarly() {
    movesEarly = true;
    return moves();
  }

  /** Lets it forget to copy on unmap. */
  public FakeDevice losesCopies() {
    losesCopies = true;
    return (FakeDevice) this;
  }

  /** Lets its kernels reach what it maps before the bytes are there. */
  public FakeDevice publishesEarly() {
    publishesEarly = true;
    return (FakeDevice) this;
  }

  /** Lets what its calls throw come out of their stages, not out of the calls. */
  public FakeDevice failsLate() {
    failsLate = true;
    return (FakeDevice) this;
  }
}
