/// One self-contained HTML page for each run.
public enum Report {}
