package dev.gmem.core.launch;

import dev.gmem.Transfer;
import dev.gmem.TransferResult;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Several transfers that were asked for at once. It ends with the last; the first failure counts.
 */
final class JoinedTransfer implements Transfer {
  private final List<Transfer> parts;
  private final CompletableFuture<TransferResult> end;

  JoinedTransfer(List<Transfer> parts) {
    this.parts = List.copyOf(parts);
    this.end =
        CompletableFuture.allOf(
                parts.stream()
                    .map(part -> part.completion().toCompletableFuture())
                    .toArray(CompletableFuture[]::new))
            .thenApply(ignored -> new TransferResult(sum()));
  }

  private long sum() {
    return parts.stream().mapToLong(part -> part.join().bytes()).sum();
  }

  private static void await(Transfer part) {
    try {
      part.join();
    } catch (RuntimeException | Error e) {
      return; // the end tells
    }
  }

  @Override
  public TransferResult join() {
    parts.forEach(JoinedTransfer::await); // who joins a part may do its work
    try {
      return end.join();
    } catch (CompletionException e) {
      parts.forEach(Transfer::join); // throws what the first that failed throws
      throw e;
    }
  }

  @Override
  public boolean isDone() {
    return parts.stream().allMatch(Transfer::isDone);
  }

  @Override
  public CompletionStage<TransferResult> completion() {
    return end.minimalCompletionStage();
  }
}
