package dev.gmem.aparapi;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel in the form for devices that execute Java. Most run item by item. One that uses local
 * memory or barriers runs group by group: a work item of the launch is then a whole work group, and
 * the true range comes along as scalars.
 *
 * <p>Threads: any. Each thread of a device keeps the work items it made for the launch it is in.
 */
final class HostForm {
  private static final int DIMENSIONS = 3;

  /** What a thread made for a launch. The launch is known by its arguments. */
  private record Prepared(
      KernelArguments arguments, DeviceMemory memory, DeviceItem[] items, WorkGroup group) {
    boolean isFor(KernelArguments others, DeviceMemory otherMemory) {
      return arguments == others && memory == otherMemory;
    }
  }

  private final String name;
  private final KernelCopy copy;
  private final boolean grouped;
  private final KernelSource source;
  private final ThreadLocal<Prepared> prepared = new ThreadLocal<>();

  HostForm(String name, KernelCopy copy) {
    this.name = name;
    this.copy = copy;
    grouped =
        copy.hasBarriers()
            || copy.fields().stream().anyMatch(f -> space(f) == KernelParameter.Space.LOCAL);
    DeviceKernel body = grouped ? this::runGroup : this::runItem;
    source = new KernelSource.Lambda("run", body, parameters());
  }

  KernelSource source() {
    return source;
  }

  private static KernelParameter.Space space(KernelParameter field) {
    return field instanceof KernelParameter.Array array ? array.space() : null;
  }

  private List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    for (KernelParameter field : copy.fields()) {
      boolean buffer = field instanceof KernelParameter.Array array && array.isUnified();
      parameters.add(
          buffer
              ? Parameter.valueOf(((KernelParameter.Array) field).access().name())
              : Parameter.SCALAR);
      if (field instanceof KernelParameter.Array array && array.dimensions() > 1) {
        for (int d = 0; d < array.dimensions(); d++) {
          parameters.add(Parameter.SCALAR);
        }
      }
    }
    parameters.add(Parameter.SCALAR);
    for (int i = 0; grouped && i < 2 * DIMENSIONS; i++) {
      parameters.add(Parameter.SCALAR);
    }
    return parameters;
  }

  /** The range to launch. */
  NdRange range(NdRange range) {
    if (!grouped) {
      return range;
    }
    long[] groups = new long[range.dimensions()];
    for (int d = 0; d < groups.length; d++) {
      if (range.globalSize(d) % range.localSize(d) != 0) {
        throw new IllegalArgumentException(
            "the local size must divide the global size: kernel=" + name + " range=" + range);
      }
      groups[d] = range.globalSize(d) / range.localSize(d);
    }
    return NdRange.of(groups);
  }

  /** The arguments to launch with. */
  Object[] arguments(Values values, NdRange range, int passId) {
    List<Object> arguments = new ArrayList<>();
    for (KernelParameter field : copy.fields()) {
      switch (field) {
        case KernelParameter.Scalar scalar -> arguments.add(values.scalar(scalar));
        case KernelParameter.Array array -> {
          arguments.add(
              array.isUnified() ? values.buffer(array) : (Object) values.lengths(array)[0]);
          for (int d = 0; array.dimensions() > 1 && d < array.dimensions(); d++) {
            arguments.add(values.lengths(array)[d]);
          }
        }
        default -> throw new AssertionError(field);
      }
    }
    arguments.add(passId);
    for (int d = 0; grouped && d < DIMENSIONS; d++) {
      arguments.add(range.globalSize(d));
      arguments.add(range.localSize(d));
    }
    return arguments.toArray();
  }

  private void runItem(WorkItem place, DeviceMemory memory, KernelArguments arguments) {
    Prepared mine = prepared.get();
    if (mine == null || !mine.isFor(arguments, memory)) {
      Arguments source = new Arguments(copy, arguments, memory);
      mine = new Prepared(arguments, memory, new DeviceItem[] {source.newItem()}, null);
      prepared.set(mine);
    }
    DeviceItem item = mine.items[0];
    item.place(place);
    item.execute();
  }

  private void runGroup(WorkItem place, DeviceMemory memory, KernelArguments arguments) {
    Prepared mine = prepared.get();
    if (mine == null || !mine.isFor(arguments, memory)) {
      mine = prepareGroup(memory, arguments);
      prepared.set(mine);
    }
    long[] groupId = {place.globalId(0), place.globalId(1), place.globalId(2)};
    mine.group.run(groupId, mine.items);
  }

  private Prepared prepareGroup(DeviceMemory memory, KernelArguments arguments) {
    long[] global = new long[DIMENSIONS];
    long[] local = new long[DIMENSIONS];
    int first = arguments.count() - 2 * DIMENSIONS;
    for (int d = 0; d < DIMENSIONS; d++) {
      global[d] = arguments.getLong(first + 2 * d);
      local[d] = arguments.getLong(first + 2 * d + 1);
    }
    Arguments source = new Arguments(copy, arguments, memory);
    DeviceItem[] items = new DeviceItem[Math.toIntExact(local[0] * local[1] * local[2])];
    for (int i = 0; i < items.length; i++) {
      items[i] = source.newItem();
    }
    WorkGroup group = new WorkGroup(name, global, local, copy.hasBarriers());
    return new Prepared(arguments, memory, items, group);
  }

  /** The fields of one launch, as the threads of a device see them. Threads: one. */
  private static final class Arguments implements FieldSource {
    private final KernelCopy copy;
    private final KernelArguments arguments;
    private final DeviceMemory memory;
    private final int[] positions;
    private final int passPosition;
    private final ArrayView[] shared;

    Arguments(KernelCopy copy, KernelArguments arguments, DeviceMemory memory) {
      this.copy = copy;
      this.arguments = arguments;
      this.memory = memory;
      positions = new int[copy.fields().size()];
      shared = new ArrayView[positions.length];
      int position = 0;
      for (int i = 0; i < positions.length; i++) {
        positions[i] = position++;
        if (copy.fields().get(i) instanceof KernelParameter.Array array && array.dimensions() > 1) {
          position += array.dimensions();
        }
      }
      passPosition = position;
    }

    DeviceItem newItem() {
      DeviceItem item = copy.newItem();
      item.pass(arguments.getInt(passPosition));
      item.load(this);
      return item;
    }

    @Override
    public ArrayView array(int index) {
      KernelParameter.Array array = (KernelParameter.Array) copy.fields().get(index);
      if (array.space() == KernelParameter.Space.PRIVATE) {
        return ArrayView.allocate(array.name(), array.privateLength(), array.elementBytes());
      }
      if (shared[index] == null) {
        shared[index] = share(array, positions[index]);
      }
      return shared[index];
    }

    private ArrayView share(KernelParameter.Array array, int position) {
      if (!array.isUnified()) {
        return ArrayView.allocate(array.name(), arguments.getInt(position), array.elementBytes());
      }
      int[] lengths = new int[array.dimensions()];
      lengths[0] = (int) (arguments.bytes(position) / array.elementBytes());
      for (int d = 0; array.dimensions() > 1 && d < lengths.length; d++) {
        lengths[d] = arguments.getInt(position + 1 + d);
      }
      return new ArrayView(
          array.name(), memory, arguments.address(position), array.elementBytes(), lengths);
    }

    @Override
    public int getInt(int index) {
      return arguments.getInt(positions[index]);
    }

    @Override
    public long getLong(int index) {
      return arguments.getLong(positions[index]);
    }

    @Override
    public float getFloat(int index) {
      return arguments.getFloat(positions[index]);
    }

    @Override
    public double getDouble(int index) {
      return arguments.getDouble(positions[index]);
    }
  }
}
