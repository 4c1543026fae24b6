public import CoreMetrics

/// Backs swift-metrics with a `Registry`.
///
/// Counters become counters. Gauges, meters and recorders that do not aggregate become gauges;
/// recorders that do become histograms, and so do timers, in seconds. A metric that the registry
/// refuses goes nowhere: measuring must never stop the program.
public struct PrometheusMetricsFactory: MetricsFactory {
  public let registry: Registry

  public init(registry: Registry) { self.registry = registry }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    registry.counter(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    registry.counter(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      return registry.histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }
    return registry.gauge(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    registry.gauge(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    registry.histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func destroyCounter(_ handler: any CounterHandler) { registry.remove(handler) }

  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    registry.remove(handler)
  }

  public func destroyRecorder(_ handler: any RecorderHandler) { registry.remove(handler) }

  public func destroyMeter(_ handler: any MeterHandler) { registry.remove(handler) }

  public func destroyTimer(_ handler: any TimerHandler) { registry.remove(handler) }
}
