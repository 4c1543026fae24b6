public import ChaosHistory
public import ChaosVerdict

/// One self-contained HTML page for each run.
public enum Report {
  /// The page. It needs nothing but itself, and is the same for the same history.
  public static func page(_ history: History, _ verdict: Verdict) -> String {
    let content = Content(history)
    let timeline = Timeline(content)
    let (shown, all) = (timeline.faults.faults.count, content.faults.count)
    let note = shown < all ? "The first \(shown) of \(Figures.grouped(all))." : ""
    let commands = content.run.commands.map(HTML.escaped).joined(separator: "\n")
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTML.escaped(content.run.scenario)): \(verdict.conclusion)</title>
      <style>
      \(Style.sheet)</style></head><body>

      """ + Heading(run: content.run, verdict: verdict).html
        + HTML.section("Timeline", timeline.html)
        + Tables(content: content, verdict: verdict).html
        + (shown == 0 ? "" : HTML.section("Faults", timeline.faults.table, note: note))
        + (commands.isEmpty
          ? "" : HTML.section("Run it again, judge it again", "<pre>\(commands)</pre>\n"))
        + "</body></html>\n"
  }
}
