package web

import (
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/document/source"
)

// Saving the form untouched changes nothing but the order of functions, which has no meaning.
func TestTheFormHoldsEverySeededDocument(t *testing.T) {
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(file.Name, func(t *testing.T) {
			d, err := source.Parse(file.Name, file.Text)
			if err != nil {
				t.Fatal(err)
			}
			p := editPage{}
			p.show(nil, d, "")
			f := url.Values{"text": {p.Text}}
			for _, x := range p.Form.Fields {
				if len(x.Options) == 0 {
					f.Add(x.Name, x.Value)
				}
				for _, o := range x.Options {
					if o.On {
						f.Add(x.Name, o.Value)
					}
				}
			}
			for _, s := range p.Steps {
				for name, value := range map[string]string{"id": s.ID, "do": s.Do, "role": s.Role, "target": s.Target, "from": s.From, "record": s.Record,
					"evidence": s.Evidence, "after": s.After, "when": s.When, "clauses": s.Clauses} {
					f.Add("step-"+name, value)
				}
			}
			edited, err := editedDocument(d.Code, f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := source.Parse(file.Name, edited.Format())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(inOrder(d), inOrder(got)); diff != "" {
				t.Errorf("the form changes the document (-before +after):\n%s", diff)
			}
		})
	}
}

func inOrder(d source.Document) source.Document {
	d.For = slices.Sorted(slices.Values(d.For))
	d.Approvals.Review = slices.Sorted(slices.Values(d.Approvals.Review))
	d.Approvals.Approve = slices.Sorted(slices.Values(d.Approvals.Approve))
	if d.Training != nil {
		training := *d.Training
		training.Audience = slices.Sorted(slices.Values(training.Audience))
		d.Training = &training
	}
	return d
}
