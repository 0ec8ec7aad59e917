/** Of the one page a report is: light and dark, narrow and wide, screen and paper. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: #8884;
  --right: #2f8f5b; --ask: #d9a400; --nobody: #8a94a3; --wrong: #c93a3a; }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .4rem; }
h2 { font-size: 1.25rem; margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { max-width: 46rem; }
.meta, small { opacity: .75; }
.bar { display: flex; height: 1.4rem; border-radius: 6px; overflow: hidden; background: var(--line); gap: 1px; }
.swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 3px; margin-right: .4rem; }
.legend { list-style: none; padding: 0; margin: .4rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
.right { background: var(--right); } .ask { background: var(--ask); }
.nobody { background: var(--nobody); } .wrong { background: var(--wrong); }
.no { color: var(--wrong); }
.scroll { overflow-x: auto; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 600; vertical-align: bottom; max-width: 9rem; }
th, td { text-align: left; padding: .35rem 1.4rem .35rem 0; border-bottom: 1px solid var(--line); }
.figure { text-align: right; }
figure { margin: 0; flex: 1 1 22rem; max-width: 30rem; }
svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
svg .title { font-size: 13px; font-weight: 600; }
.grid { stroke: #8884; } .curve { fill: none; stroke: #2a6fdb; stroke-width: 2; }
.cards { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.cards li { border: 1px solid var(--line); border-radius: 8px; padding: .7rem; break-inside: avoid; }
.cards b { font-variant-numeric: tabular-nums; }
.cards span, .cards small { display: block; overflow-wrap: anywhere; line-height: 1.3; }
.cards p { margin: .4rem 0 0; }
.cards img { display: block; width: 100%; max-width: 8rem; height: auto; border-radius: 6px; margin: .3rem 0; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; }
@media print { body { max-width: none; margin: 0; } h2 { break-after: avoid; } .pair, tr { break-inside: avoid; } }
`;
