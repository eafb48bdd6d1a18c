// modules/autoindex_style.hpp: how the list of a folder looks, and the few lines of script that make its filter quicker.
// Part of every page, so that it needs nothing else; kept small for that reason.
#pragma once

#include <string_view>

namespace webserv::modules {

// Also keeps browsers from asking for /favicon.ico.
inline constexpr std::string_view list_icon =
    "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Cpath fill='%23b5401d' "
    "d='M1 5a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2z'/%3E%3C/svg%3E\">\n";

inline constexpr std::string_view list_style =
    R"css(:root{--paper:#fbf7f0;--card:#fffdf9;--ink:#221e1a;--quiet:#6d635a;--line:#e4dbcd;--mark:#b5401d;--wash:#f9efe6}
@media(prefers-color-scheme:dark){:root{--paper:#15171b;--card:#1d2026;--ink:#ece7df;--quiet:#a39b91;--line:#32363e;--mark:#ff9066;--wash:#272a31}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:0 clamp(.9rem,4vw,2.5rem) 2rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.6rem 1.5rem;padding:1.6rem 0 1.1rem}
h1{margin:0 auto 0 0;font-size:1.35rem;font-weight:500;overflow-wrap:anywhere;color:var(--quiet);white-space:pre-wrap}
h1 b{color:var(--ink);font-weight:700}
h1 a{color:var(--mark);text-decoration:none;padding:.1em}
h1 a:hover,td a:hover{text-decoration:underline}
form{display:flex;gap:.5rem;flex:0 1 17rem}
input[type=search],button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.4rem .8rem;min-width:0;width:100%}
button{width:auto;color:var(--mark);font-weight:600}
main{background:var(--card);border:1px solid var(--line);border-radius:.9rem;overflow:hidden}
table{width:100%;border-collapse:collapse}
th{padding:0;text-align:left;font-size:.85rem;font-weight:600;border-bottom:1px solid var(--line)}
th a{display:block;padding:.6rem 1rem;color:var(--quiet);text-decoration:none}
th a:hover{color:var(--mark)}
th[aria-sort] a{color:var(--ink)}
th[aria-sort=ascending] a::after{content:" \2191"}
th[aria-sort=descending] a::after{content:" \2193"}
tbody tr:hover{background:var(--wash)}
td{padding:0 1rem;color:var(--quiet);white-space:nowrap;font-variant-numeric:tabular-nums}
td:first-child{width:99%;padding:0;white-space:normal}
td:last-child,th:last-child{text-align:right}
td a{display:block;padding:.42rem 1rem .42rem 2.9rem;position:relative;color:var(--ink);text-decoration:none;overflow-wrap:anywhere;white-space:pre-wrap;unicode-bidi:isolate}
td a::before{content:"";position:absolute;left:1rem;top:.56rem;width:1.25rem;height:1.25rem;background:var(--quiet);-webkit-mask:var(--i) center/contain no-repeat;mask:var(--i) center/contain no-repeat}
.f{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.6' stroke-linejoin='round'%3E%3Cpath d='M4 2h8l4 4v12H4zM12 2v4h4'/%3E%3C/svg%3E")}
.d{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Cpath d='M1 5a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2z'/%3E%3C/svg%3E")}
.u{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='2' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M10 17V4M4 10l6-6 6 6'/%3E%3C/svg%3E")}
.i{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.6' stroke-linejoin='round'%3E%3Cpath d='M2 3h16v14H2zM2 14l5-5 4 4 3-3 4 4'/%3E%3Ccircle cx='13' cy='7' r='1.2'/%3E%3C/svg%3E")}
.a{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.8'%3E%3Cpath d='M7 15V4l10-2v11'/%3E%3Ccircle cx='4.8' cy='15' r='2.2'/%3E%3Ccircle cx='14.8' cy='13' r='2.2'/%3E%3C/svg%3E")}
.v{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.6' stroke-linejoin='round'%3E%3Cpath d='M2 4h16v12H2zM8 7.5l4.5 2.5L8 12.5z'/%3E%3C/svg%3E")}
.z{--i:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%23000' stroke-width='1.6' stroke-linejoin='round'%3E%3Cpath d='M2 3h16v4H2zM3 7h14v10H3zM8 11h4'/%3E%3C/svg%3E")}
td a.d::before,td a.u::before{background:var(--mark)}
.none{margin:0;padding:1.2rem 1rem;color:var(--quiet)}
footer{padding:.9rem 1rem;color:var(--quiet);font-size:.9rem}
[hidden]{display:none!important}
@media(max-width:38rem){form{flex-basis:100%}thead tr,tbody tr{display:grid;grid-template-columns:1fr auto}th:first-child{grid-column:auto}thead tr{grid-template-columns:1fr auto auto}th a{padding:.6rem .8rem}tbody tr{border-top:1px solid var(--line)}tbody tr:first-child{border-top:0}td:first-child{grid-column:1/-1;width:auto}td{padding:0 1rem .5rem;font-size:.85rem}td+td{margin-top:-.35rem}td:nth-child(2){padding-left:2.9rem}tr.up td+td{display:none}}
)css";

inline constexpr std::string_view list_script = R"js((() => {
  const field = document.querySelector('input[type=search]');
  const rows = [...document.querySelectorAll('tbody tr:not(.up)')];
  const names = rows.map(row => row.cells[0].textContent.toLowerCase());
  const filter = () => {
    const wanted = field.value.toLowerCase();
    rows.forEach((row, at) => { row.hidden = !names[at].includes(wanted); });
  };
  const sent = field.value;
  field.addEventListener('input', () => { if (sent === '') filter(); });
  field.addEventListener('search', () => { if (sent !== '' && field.value === '') field.form.submit(); });
  filter();
})();
)js";

}  // namespace webserv::modules
