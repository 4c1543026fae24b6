/// Runs schedules against the real lease machine.
public enum Simulator {
  /// Runs a schedule, and after it the phase without faults.
  public static func run(_ schedule: Schedule, keepsTrace: Bool = false) async -> Outcome {
    await run(schedule, bug: nil, keepsTrace: keepsTrace)
  }

  package static func run(
    _ schedule: Schedule, bug: PlantedBug?, keepsTrace: Bool = false
  ) async -> Outcome {
    var simulation = await Simulation(
      options: schedule.options, bug: bug, keepsTrace: keepsTrace)
    return await simulation.run(schedule)
  }
}
