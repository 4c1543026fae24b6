import CoreMetrics
import Synchronization

/// One series that a program changes and a scrape reads.
protocol Instrument: AnyObject, Sendable {
  var reading: Series.Value { get }
}

/// A number that only rises. Without a lock: it sits on the path of every request.
final class CounterInstrument: Instrument, CounterHandler, FloatingPointCounterHandler {
  private let whole = Atomic<Int64>(0)
  private let fraction = AtomicDouble()

  func increment(by amount: Int64) {
    guard amount > 0 else { return }
    // At a billion a second it wraps after 292 years.
    whole.wrappingAdd(amount, ordering: .relaxed)
  }

  func increment(by amount: Double) {
    guard amount > 0, amount.isFinite else { return }
    fraction.add(amount)
  }

  func reset() {
    whole.store(0, ordering: .relaxed)
    fraction.set(0)
  }

  var reading: Series.Value { .number(Double(whole.load(ordering: .relaxed)) + fraction.value) }
}

/// A number that is set, or goes up and down.
final class GaugeInstrument: Instrument, RecorderHandler, MeterHandler {
  private let current = AtomicDouble()

  func record(_ value: Int64) { current.set(Double(value)) }
  func record(_ value: Double) { current.set(value) }
  func set(_ value: Int64) { current.set(Double(value)) }
  func set(_ value: Double) { current.set(value) }
  func increment(by amount: Double) { current.add(amount) }
  func decrement(by amount: Double) { current.add(-amount) }

  var reading: Series.Value { .number(current.value) }
}

/// Counts values by size. Timers record nanoseconds and are shown in seconds.
final class HistogramInstrument: Instrument, RecorderHandler, TimerHandler {
  private struct State {
    var counts: [UInt64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  /// What is not a number has no bucket and would spoil the sum for good: it is left out.
  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let bucket = bucket(of: value)
    state.withLock { state in
      state.counts[bucket] &+= 1
      state.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  /// The first bound that is not below `value`; a value equal to a bound belongs to it.
  private func bucket(of value: Double) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  var reading: Series.Value {
    state.withLock {
      .histogram(HistogramValue(bounds: bounds, counts: $0.counts, sum: $0.sum))
    }
  }
}

/// A floating-point number that many threads may change.
final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, found) = bits.compareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = found
    }
  }
}
