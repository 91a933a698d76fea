package people

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
)

func TestViewsAreOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bob := h.as(t, h.person(t, "ada", "")), h.as(t, h.person(t, "bob", ""))
		save := func(ctx context.Context, path, name, query string) string {
			t.Helper()
			id, err := h.SaveView(ctx, View{Path: path, Name: name, Query: query})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		names := func(ctx context.Context, path string) []string {
			t.Helper()
			var out []string
			if err := h.DB.View(ctx, func(r store.Reader) error {
				all, err := Views(ctx, r, path)
				for _, v := range all {
					out = append(out, v.Path+"?"+v.Query+" "+v.Name)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		night := save(ada, "/devices", " Night ", "site=sit_a&after=x&back=y&in_use=yes")
		if again := save(ada, "/devices", "Night", "in_use=no"); again != night {
			t.Error("a view of the same name is another one")
		}
		save(ada, "/risk", "Worst", "")
		save(bob, "/devices", "Night", "site=sit_b")
		if d := cmp.Diff([]string{"/devices?in_use=no Night", "/risk? Worst"}, names(ada, "")); d != "" {
			t.Errorf("views (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"/devices?site=sit_b Night"}, names(bob, "/devices")); d != "" {
			t.Errorf("views of another (-want +got):\n%s", d)
		}
		wantKind(t, h.RemoveView(bob, night), problem.NotFound)
		if err := h.RemoveView(ada, night); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.RemoveView(ada, night), problem.NotFound)
		if n := len(h.journal(t, KindSelfViewSaved, KindSelfViewRemoved)); n != 5 {
			t.Errorf("%d events of views, want 5", n)
		}
		for _, v := range []View{{Path: "https://x.example", Name: "n"}, {Path: "//x.example", Name: "n"}, {Path: "/devices", Name: " "}, {Path: "/devices", Name: "n", Query: "%zz"},
			{Path: "/devices", Name: "n", Query: "q=" + strings.Repeat("x", 3000)}} {
			_, err := h.SaveView(ada, v)
			wantKind(t, err, problem.Invalid)
		}
	})
}

func TestTokensSaveViewsOnlyWhenTheyNameIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		account := h.person(t, "ada", "")
		ada := h.as(t, account)
		through := func(kinds ...string) context.Context {
			t.Helper()
			secret, _, err := h.CreateToken(ada, NewToken{Name: "script", Expires: h.DB.Now().Add(time.Hour), Scope: []store.Grant{{Kinds: kinds, All: true}}})
			if err != nil {
				t.Fatal(err)
			}
			a, err := h.AuthenticateToken(context.Background(), secret)
			if err != nil {
				t.Fatal(err)
			}
			return store.WithActor(context.Background(), a)
		}
		_, err := h.SaveView(through(KindSelfViewRemoved), View{Path: "/risk", Name: "n"})
		wantKind(t, err, problem.Forbidden)
		if _, err := h.SaveView(through(KindSelfViewSaved), View{Path: "/risk", Name: "n"}); err != nil {
			t.Fatal(err)
		}
		if err := h.DB.View(ada, func(r store.Reader) error {
			all, err := Views(ada, r, "")
			if len(all) != 1 {
				t.Errorf("the owner sees %d views", len(all))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		_, _, err = h.CreateToken(ada, NewToken{Name: "script", Expires: h.DB.Now().Add(time.Hour), Scope: []store.Grant{{Kinds: []string{KindSelfPasswordChanged}, All: true}}})
		wantKind(t, err, problem.Invalid)
	})
}
