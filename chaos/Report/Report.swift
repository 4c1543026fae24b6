public import ChaosHistory
public import ChaosVerdict

/// One self-contained HTML page for each run.
public enum Report {
  public static func page(_ history: History, _ verdict: Verdict) -> String { "" }
}
