// SPDX-License-Identifier: GPL-3.0-or-later
// The style sheet of a report: light and dark as the reader's desktop is, and on paper.
#pragma once

#include <string_view>

namespace espalier::exchange {

// The colours of curves are Okabe and Ito's, told apart by all eyes.
constexpr std::string_view kReportStyle = R"(
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d5dae0; --back: #fff;
  --raised: #f5f7f9; --kept: #0072b2; --gone: #d55e00; --c0: #0072b2; --c1: #d55e00; --c2: #007a5a; --c3: #8a5a83; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --soft: #9aa4af; --line: #3a4149; --back: #1b1e22; --raised: #24282d;
    --kept: #56b4e9; --gone: #e69f00; --c0: #56b4e9; --c1: #e69f00; --c2: #35c79b; --c3: #cc99c4; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--back); }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .5rem 0; } .soft, figcaption, caption { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; margin: 1.2rem 0; }
.card p { margin: 0; overflow-wrap: anywhere; } .large { font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.card svg.bar { width: 100%; height: .35rem; margin: .25rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6rem 0; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .55rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { font-weight: 600; } tbody th { font-weight: 400; }
th:first-child, th.text, td.text { text-align: left; } td.text { white-space: normal; }
figure { margin: .8rem 0; break-inside: avoid; } figcaption { font-size: .87rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; max-width: 52rem; }
svg.hidden { position: absolute; width: 0; height: 0; } svg.bar { width: 5rem; height: .7rem; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.many { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .4rem 1rem; }
.axis { stroke: var(--soft); } .grid { stroke: var(--line); }
.hatchback { fill: var(--raised); } .hatchline { stroke: var(--gone); stroke-width: 2.5; }
.kept { fill: var(--kept); } .removed { fill: url(#hatch); }
path { fill: none; stroke-width: 1.8; } .dashed { stroke-dasharray: 6 4; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
.key { margin-left: 1rem; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 1.2rem; border-top: 3px solid; margin-right: .35rem;
  vertical-align: middle; }
.k0::before { border-color: var(--c0); } .k1::before { border-color: var(--c1); } .k2::before { border-color: var(--c2); }
.key.dot::before { width: .6rem; border-top-width: .6rem; border-radius: 50%; }
.key.kept::before, .key.gone::before { height: .8rem; border: 1px solid var(--kept); background: var(--kept); }
.key.gone::before { border-color: var(--gone);
  background: repeating-linear-gradient(45deg, var(--gone) 0 2px, var(--raised) 2px 5px); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .7rem; background: var(--raised); font-size: .87rem; }
summary { cursor: pointer; } .strong { font-weight: 600; }
@media print {
  body { font-size: 11px; max-width: none; margin: 0; } section { break-inside: auto; }
  h2 { break-after: avoid; } tr, details { break-inside: avoid; } .wide { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)";

}  // namespace espalier::exchange
