package source_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document/source"
	"triward/internal/problem"
)

var targets = []source.Target{{ID: "declare", Within: "PT1H", What: "from first sign to a decision"},
	{ID: "ack", Within: "P2D", Days: source.Working, What: "from receipt to an answer"}}

func options() source.HTMLOptions {
	return source.HTMLOptions{Targets: targets, Link: func(code string) string { return "/documents/" + code },
		Image: func(digest string) string { return "/blobs/" + digest }}
}

func TestHTMLShowsTextStepsAndTargets(t *testing.T) {
	digest := strings.Repeat("a1", 32)
	d := source.Document{Code: "SOP-90", Body: "# Purpose & scope\n\nWithin {target:ack}, not {target:none}, by {{organisation}}.\n\n" +
		"[STD-08](doc:STD-08) [step](doc:SOP-14#declare) [law](https://example.org/law)\n\n![plan](blob:" + digest + ") ![far](https://example.org/x.png)\n\n" +
		"| a | b |\n|:--|--:|\n| 1 | ~~2~~ |\n\n- [x] done\n\n`{target:ack}`\n\n# Purpose & scope\n",
		Steps: []source.Step{{ID: "receive", Do: "Write <down>.", Role: "responder", Record: source.RecordNote, Evidence: source.None},
			{ID: "declare", Do: "Decide within {target:declare}.", When: "a sign was seen", Role: "psirt_lead", Target: "STD-08#declare", From: "receive",
				Record: source.RecordDecision, Evidence: source.Required, After: []string{"receive"}}}}
	got, err := source.HTML(d, options())
	if err != nil {
		t.Fatal(err)
	}
	want := `<h1 id="section-purpose-scope">Purpose &amp; scope</h1>
<p>Within <a class="target" href="/documents/STD-08#target-ack" rel="noreferrer">2 working days</a>, not <mark class="fault">none is not a target of STD-08</mark>, by <mark class="fault">{{organisation}} is not filled in</mark>.</p>
<p><a href="/documents/STD-08" rel="noreferrer">STD-08</a> <a href="/documents/SOP-14#step-declare" rel="noreferrer">step</a> <a href="https://example.org/law" rel="noreferrer">law</a></p>
<p><img src="/blobs/` + digest + `" alt="plan"> [image: far]</p>
<table>
<thead>
<tr>
<th align="left">a</th>
<th align="right">b</th>
</tr>
</thead>
<tbody>
<tr>
<td align="left">1</td>
<td align="right"><del>2</del></td>
</tr>
</tbody>
</table>
<ul>
<li><input checked="" disabled="" type="checkbox"> done</li>
</ul>
<p><code>{target:ack}</code></p>
<h1 id="section-purpose-scope-2">Purpose &amp; scope</h1>

<h2 id="section-steps">Steps</h2>
<table class="steps">
<thead><tr><th scope="col">No.</th><th scope="col">Step</th><th scope="col">Who</th><th scope="col">Within</th><th scope="col">Record</th><th scope="col">After</th></tr></thead>
<tbody>
<tr id="step-receive"><td>1</td><td>Write &lt;down&gt;.</td><td>Responder</td><td></td><td>note</td><td></td></tr>
<tr id="step-declare"><td>2</td><td><em>If a sign was seen:</em> Decide within <a class="target" href="/documents/STD-08#target-declare" rel="noreferrer">1 hour</a>.</td><td>PSIRT lead</td><td><a class="target" href="/documents/STD-08#target-declare" rel="noreferrer">1 hour</a> after step 1</td><td>decision, evidence required</td><td>1</td></tr>
</tbody>
</table>
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("HTML (-want +got):\n%s", diff)
	}
}

// A column of the table of steps in which no step has anything is left out.
func TestStepsLeaveEmptyColumnsOut(t *testing.T) {
	for _, c := range []struct {
		steps []source.Step
		want  string
	}{
		{[]source.Step{{ID: "aa", Do: "Look."}, {ID: "bb", Do: "Act."}}, "No. Step"},
		{[]source.Step{{ID: "aa", Do: "Look.", Role: "responder"}, {ID: "bb", Do: "Act.", After: []string{"aa"}}}, "No. Step Who After"},
		{[]source.Step{{ID: "aa", Do: "Look."}, {ID: "bb", Do: "Act.", Target: "STD-08#declare", Record: "note"}}, "No. Step Within Record"},
	} {
		got, err := source.HTML(source.Document{Code: "SOP-90", Body: "x\n", Steps: c.steps}, options())
		if err != nil {
			t.Fatal(err)
		}
		var heads []string
		for _, m := range regexp.MustCompile(`<th scope="col">([^<]*)</th>`).FindAllStringSubmatch(got, -1) {
			heads = append(heads, m[1])
		}
		if d := cmp.Diff(c.want, strings.Join(heads, " ")); d != "" {
			t.Errorf("columns (-want +got):\n%s\n%s", d, got)
		}
		if n := strings.Count(got, "<td>"); n != len(heads)*len(c.steps) {
			t.Errorf("%d cells under %d columns", n, len(heads))
		}
	}
}

func TestHTMLHoldsNothingThatActs(t *testing.T) {
	for _, body := range []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "[x](javascript:alert(1))", "[x](data:text/html,<script>)", "![x](javascript:1)",
		"<style>*{display:none}</style>", "<iframe src=https://example.org></iframe>", "[x](doc:SOP-14#\"><script>)", "![x](https://example.org/a.png)",
		"<svg/onload=alert(1)>", "[a]: javascript:1\n\n[a]", "<https://example.org/\"onclick=alert(1)>", "| <b onmouseover=x> |\n|-|\n",
	} {
		got, err := source.HTML(source.Document{Code: "SOP-90", Body: body + "\n"}, options())
		if err != nil {
			t.Fatal(err)
		}
		mustBeHarmless(t, got)
	}
}

// mustBeHarmless looks for what a browser would run or load.
func mustBeHarmless(t *testing.T, html string) {
	t.Helper()
	low := strings.ToLower(html)
	for _, bad := range []string{"<script", "<style", "<iframe", "<svg", "<object", "<embed", "<form", "<link", "<meta", " onerror=", " onload=", " onclick=",
		" style=", `href="javascript`, `src="http`, `src="javascript`} {
		if strings.Contains(low, bad) {
			t.Errorf("%q is in the HTML: %.300s", bad, html)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("# a\n\n{target:ack} {{x}} [a](doc:SOP-1) ![b](blob:00)\n")
	f.Add("<script>x</script>\n\n> > > - 1. a\n")
	f.Add("| a |\n|---|\n| <a href=\"javascript:1\">x</a> |\n")
	f.Fuzz(func(t *testing.T, body string) {
		d := source.Document{Code: "SOP-90", Body: body, Steps: []source.Step{{ID: "aa", Do: body}}}
		got, err := source.HTML(d, options())
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatal(err)
		}
		mustBeHarmless(t, got)
		source.Text(d, targets)
	})
}

func TestTextThatAsksForTooMuchIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"quotations": strings.Repeat(">", 1000), "lists": strings.Repeat("- ", 500) + "x", "brackets": strings.Repeat("[a](b\n", 10_000),
		"line": strings.Repeat("a", 5000), "table": strings.Repeat("|", 100) + "\n" + strings.Repeat("|-", 100) + "\n", "size": strings.Repeat("a\n", 200_000),
		"indent": strings.Repeat(" ", 100) + "- x",
	} {
		_, err := source.Parse(name, []byte(strings.Replace(sample, "# Sample", body, 1)))
		_, shown := source.HTML(source.Document{Code: "SOP-90", Body: body}, options())
		if problem.KindOf(err) != problem.Invalid || problem.KindOf(shown) != problem.Invalid {
			t.Errorf("%s: parsed: %v, shown: %v", name, err, shown)
		}
	}
	for name, body := range map[string]string{"rule": strings.Repeat("-", 200) + "\n", "stars": strings.Repeat("* ", 100) + "\n"} {
		if _, err := source.HTML(source.Document{Code: "SOP-90", Body: body}, options()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestText(t *testing.T) {
	d := source.Document{Code: "SOP-90", Body: "# Head *line*\n\nWithin {target:ack} &amp; more\nnext\n\n```\ncode\n```\n\n- [a](doc:STD-08)\n",
		Steps: []source.Step{{ID: "receive", Do: "Write it down in {target:declare}.", When: "seen"}}}
	want := "Head line\nWithin 2 working days &amp; more next\ncode\na\nWrite it down in 1 hour.\nseen\n"
	if diff := cmp.Diff(want, source.Text(d, targets)); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestFill(t *testing.T) {
	text := strings.NewReplacer("# Sample\n", "# Sample of {{organisation}}\n\n{{intranet}} {{country}}\n", "Write down", "For {{organisation}}, write down").Replace(sample)
	got, missing := source.Fill([]byte(text), map[string]string{"organisation": `O"Neil: *Medical*, ]`, "intranet": "https://a_b.example"})
	if diff := cmp.Diff([]string{"country"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	d, err := source.Parse("filled", got)
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if want := `For O"Neil: *Medical*, ], write down who says what.`; d.Steps[0].Do != want {
		t.Errorf("step %q, want %q", d.Steps[0].Do, want)
	}
	if !strings.HasPrefix(d.Body, `# Sample of O"Neil: \*Medical\*, \]`) {
		t.Errorf("body %q", d.Body)
	}
}

func TestLines(t *testing.T) {
	got := source.Lines("a\nThe lead decides at once.\nc\nd\n", "a\nThe deputy decides at once.\nc\nnew\nd\n")
	want := []source.DiffLine{
		{Change: source.Same, Old: 1, New: 1, Parts: []source.Part{{Text: "a"}}},
		{Change: source.Removed, Old: 2, Parts: []source.Part{{Text: "The "}, {Text: "lead", Marked: true}, {Text: " decides at once."}}},
		{Change: source.Added, New: 2, Parts: []source.Part{{Text: "The "}, {Text: "deputy", Marked: true}, {Text: " decides at once."}}},
		{Change: source.Same, Old: 3, New: 3, Parts: []source.Part{{Text: "c"}}},
		{Change: source.Added, New: 4, Parts: []source.Part{{Text: "new"}}},
		{Change: source.Same, Old: 4, New: 5, Parts: []source.Part{{Text: "d"}}},
	}
	t.Run("DC-03 the lines that changed are identified, and the words in them", func(t *testing.T) {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add("a\nb\n", "a\nc\n")
	f.Add("", "x")
	f.Add("0", "0\n\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		var old, now []string
		for _, l := range source.Lines(before, after) {
			if l.Old > 0 {
				old = append(old, l.Text())
			}
			if l.New > 0 {
				now = append(now, l.Text())
			}
		}
		if got, want := strings.Join(old, "\n"), strings.TrimSuffix(before, "\n"); got != want {
			t.Errorf("the old text is %q, want %q", got, want)
		}
		if got, want := strings.Join(now, "\n"), strings.TrimSuffix(after, "\n"); got != want {
			t.Errorf("the new text is %q, want %q", got, want)
		}
	})
}
