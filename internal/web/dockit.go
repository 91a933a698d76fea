package web

import (
	"context"
	"net/url"
	"strings"

	"triward/internal/document"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/store"
)

// kitPage is the set-up interview, and what each kit holds.
type kitPage struct {
	Frame
	Form Form
	Kits []kit.Contents
}

func (kitPage) template() string { return "kit" }

// kitForm asks which kit, and what the texts do not know.
func kitForm(kits []kit.Contents, set document.Settings) Form {
	choice := make([]Option, len(kits))
	for i, k := range kits {
		choice[i] = Option{k.ID, k.Title + ": " + plural(len(k.Documents), "document", "documents") + ". " + k.Text, i == 0}
	}
	fields := []Field{{Name: "kit", Label: "Kit", Kind: "radios", Required: true, Options: choice}}
	for _, q := range source.Variables {
		fields = append(fields, Field{Name: q.Name, Label: q.Question, Kind: "text", Value: set.Variables[q.Name], Placeholder: q.Example, Help: "Stands in the texts where they say {{" + q.Name + "}}."})
	}
	return Form{ID: "kit", Action: urlDocuments() + "/kit", Submit: "Install as drafts", Cancel: urlDocuments()}.with(append(fields, reasonField("Reason"))...)
}

func (s *Server) kitPage(v *visit) (kitPage, error) {
	p := kitPage{Frame: v.frame("Install a kit", urlDocuments(), Link{urlDocuments(), "Documents"})}
	var err error
	if p.Kits, err = kit.All(); err != nil {
		return p, err
	}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		set, err := document.SettingsOf(ctx, r)
		p.Form = kitForm(p.Kits, set)
		return err
	})
	return p, err
}

func (s *Server) kit(v *visit) error {
	p, err := s.kitPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) kitInstall(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	got, err := kit.Install(v.r.Context(), s.Library, kit.Installing{Kit: f.Get("kit"), Answers: kitAnswers(f), Reason: strings.TrimSpace(f.Get("reason"))})
	if err != nil {
		p, perr := s.kitPage(v)
		if perr != nil {
			return perr
		}
		p.Form.fill(f)
		if !p.Form.blame(err) {
			return err
		}
		return v.again(p, err)
	}
	notice := plural(len(got.Added), "draft", "drafts") + " added"
	if n := len(got.Present); n > 0 {
		notice += ", " + count(n) + " were there already"
	}
	if len(got.Missing) > 0 {
		notice += "; still to be answered: " + joinComma(got.Missing)
	}
	return v.done(urlDocuments()+"?view=tree", notice+".")
}

func kitAnswers(f url.Values) map[string]string {
	out := map[string]string{}
	for _, q := range source.Variables {
		out[q.Name] = strings.TrimSpace(f.Get(q.Name))
	}
	return out
}
