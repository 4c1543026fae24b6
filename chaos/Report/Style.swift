/// The page's look, light and dark. The colours of nodes are those of Okabe and Ito, which people who
/// see few colours can tell apart; in the dark they are lighter.
enum Style {
  static let sheet = """
    :root { color-scheme: light dark; --page: #fbfcfd; --plot: #fff; --text: #1b2127; --dim: #59636e;
      --line: #d5dbe1; --faint: #e9edf1; --card: #fff; --sound: #0a7c55; --broken: #b3261e;
      --closed: #b4bcc4; --failed: #d55e00; --unknown: #882255; --issued: #4d5a66;
      --leased: #9db4c8; --void: #b3261e; --alarm: #b3261e; --c: #3d4852; --band: .09; }
    .n0 { --c: #0072b2 } .n1 { --c: #e08a00 } .n2 { --c: #009e73 } .n3 { --c: #cc79a7 }
    .n4 { --c: #56b4e9 } .n5 { --c: #8a7f00 } .n6 { --c: #7a5195 } .n7 { --c: #a0522d }
    @media (prefers-color-scheme: dark) {
      :root { --page: #12161b; --plot: #181d23; --text: #e4e9ee; --dim: #98a4b0; --line: #323b45;
        --faint: #262e36; --card: #1a2027; --sound: #12865f; --broken: #c93a31; --closed: #5a646e;
        --failed: #ff8a3c; --unknown: #d77bb0; --issued: #a3b0bc; --leased: #4c6479; --void: #ff7b72; --alarm: #ff7b72;
        --c: #aab5c0; --band: .14 }
      .n0 { --c: #3fa2dd } .n1 { --c: #f0b040 } .n2 { --c: #2fc79a } .n3 { --c: #e29ac2 }
      .n4 { --c: #8ccff5 } .n5 { --c: #cfc24a } .n6 { --c: #b391d0 } .n7 { --c: #d08a64 }
    }
    * { box-sizing: border-box }
    body { margin: 0 auto; padding: 24px 28px 48px; min-width: 840px; max-width: 1600px;
      background: var(--page); color: var(--text);
      font: 14px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
    header { display: flex; gap: 24px; align-items: flex-start; justify-content: space-between }
    h1 { margin: 0; font-size: 27px; line-height: 1.2; overflow-wrap: anywhere }
    h2 { margin: 34px 0 10px; font-size: 18px }
    h3 { position: relative; z-index: 3; pointer-events: none; margin: 20px 0 9px; font-size: 14px }
    h3 small, .dim { color: var(--dim); font-weight: 400; font-size: 12.5px }
    .purpose { margin: 6px 0; font-size: 15.5px; max-width: 100ch }
    .facts { margin: 0; color: var(--dim) }
    .facts span + span::before { content: "\\00b7"; margin: 0 8px }
    .badge { flex: none; padding: 12px 20px; border-radius: 10px; color: #fff; font-size: 20px;
      font-weight: 650; white-space: nowrap }
    .badge.sound { background: var(--sound) } .badge.broken { background: var(--broken) }
    .flaw { border-left: 4px solid var(--failed); padding: 6px 12px; background: var(--card) }
    .cards { display: grid; grid-template-columns: repeat(7, 1fr); gap: 10px; margin-top: 20px }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
      padding: 10px 12px; display: flex; flex-direction: column; min-width: 0 }
    .card b { font-size: 21px; font-variant-numeric: tabular-nums; white-space: nowrap }
    .card span { font-size: 12.5px } .card small { color: var(--dim); font-size: 12px }
    .card.bad { border-color: var(--broken) } .card.bad b { color: var(--alarm) }
    .violations { border: 1px solid var(--broken); border-radius: 8px; margin-top: 22px;
      padding: 4px 18px 10px; background: var(--card) }
    .violations h2 { margin: 10px 0; color: var(--alarm) }
    tr.bad td { color: var(--alarm); font-weight: 600 }
    .violations ol { margin: 0; padding-left: 26px; max-height: 420px; overflow: auto }
    .violations li { margin: 3px 0; overflow-wrap: anywhere }
    .timeline { position: relative; --left: 138px }
    .bands { position: absolute; left: var(--left); right: 0; top: 22px; bottom: 22px;
      pointer-events: none; overflow: hidden }
    .bands.edges { z-index: 2 }
    .bands.edges i { background: none; border: solid var(--c); border-width: 0 1px; opacity: .35 }
    .bands i { position: absolute; top: 0; bottom: 0; min-width: 2px; background: var(--c);
      opacity: var(--band) }
    .bands b { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--text);
      opacity: .06 }
    .row { display: flex; margin-bottom: 13px }
    .name { flex: none; width: var(--left); padding-right: 54px; line-height: 1.25 }
    .name b, .name small { display: block; overflow: hidden; text-overflow: ellipsis;
      white-space: nowrap }
    .name b { color: var(--c); font-size: 13px } .name small { color: var(--dim); font-size: 12px }
    .plot { position: relative; flex: 1; min-width: 0; outline: 1px solid var(--line) }
    .plot svg { display: block; width: 100%; height: 100% }
    .y { position: absolute; right: 100%; margin-right: 6px;
      color: var(--dim); font-size: 11px; line-height: 1; white-space: nowrap }
    .axis .plot { height: 20px; outline: none }
    .axis { margin: 0; font-size: 11.5px; color: var(--dim) }
    .axis.top { position: sticky; top: 0; z-index: 3; background: var(--page); margin-bottom: 6px }
    .axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; top: 2px }
    .axis span:first-child { transform: none }
    .plot.faults { outline: none }
    .bar { position: absolute; height: 18px; min-width: 3px; border-radius: 2px; z-index: 3;
      background: color-mix(in srgb, var(--c) 42%, var(--page)); border-left: 3px solid var(--c) }
    .bar span { position: absolute; left: 100%; padding-left: 4px; font-size: 11.5px;
      line-height: 18px; white-space: nowrap; color: var(--text) }
    .bar.in span { left: 4px; padding: 0; font-weight: 600 }
    .grid { stroke: var(--faint); stroke-width: 1; vector-effect: non-scaling-stroke; fill: none }
    .area { fill: var(--c); fill-opacity: .25 }
    .line { stroke: var(--c); stroke-width: 1.6; vector-effect: non-scaling-stroke }
    .line:not(.area) { fill: none } .thin { stroke-width: .8 }
    .hint { fill: transparent } .hint:hover { fill: var(--text); fill-opacity: .08 }
    .failed { fill: var(--failed) } .unknown { fill: var(--unknown) }
    .issued { fill: var(--issued) } .leased { fill: var(--leased) } .void { fill: var(--void) }
    .closed { fill: var(--closed) } .held { fill: var(--c) } .held.open { fill-opacity: .38 }
    .key { display: inline-block; width: 11px; height: 11px; margin: 0 5px -1px 0;
      border-radius: 2px; border: 1px solid transparent }
    .key.failed { background: var(--failed) } .key.unknown { background: var(--unknown) }
    .key.issued { background: var(--issued) } .key.leased { background: var(--leased) }
    .key.void { background: var(--void) } .key.closed { background: var(--closed) }
    .key.held { background: var(--c) } .key.free { background: var(--plot); border-color: var(--dim) }
    .entry { white-space: nowrap; margin-left: 10px }
    .name.whole { padding-right: 8px }
    .pair { display: flex; flex-wrap: wrap; gap: 0 24px }
    .wide { overflow-x: auto }
    table { border-collapse: collapse; font-size: 13px; background: var(--card); border: 1px solid var(--line) }
    th, td { padding: 4px 9px; text-align: left; vertical-align: top;
      border-top: 1px solid var(--faint) }
    th { font-weight: 600; font-size: 12.5px; color: var(--dim) }
    .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
    pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 12px;
      overflow-x: auto }

    """
}
