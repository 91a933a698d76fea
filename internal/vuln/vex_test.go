package vuln_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// statement is one statement of an OpenVEX document about a product.
func statement(cve, product, rest string) string {
	return fmt.Sprintf(`{"vulnerability":{"name":%q},"products":[%s],%s}`, cve, product, rest)
}

func openVEX(statements ...string) []byte {
	return []byte(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://vela.example/1","author":"Vela","timestamp":"2026-01-02T00:00:00Z","version":1,"statements":[` +
		strings.Join(statements, ",") + `]}`)
}

func TestImportVEXFindsProductsByEveryName(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		maker, err := c.AddManufacturer(ctx, product.Manufacturer{Name: "Vela Medical", Aliases: []string{"Vela"}})
		if err != nil {
			t.Fatal(err)
		}
		model, err := c.AddModel(ctx, product.Model{Manufacturer: maker, Name: "Pump 9000"})
		if err != nil {
			t.Fatal(err)
		}
		release, err := c.AddRelease(ctx, product.Release{Model: model, Version: "2.0"})
		if err != nil {
			t.Fatal(err)
		}
		fixed := `"status":"fixed"`
		doc := openVEX(
			statement("CVE-2026-0001", `{"@id":"pkg:generic/vela/pump%209000@2.0"}`, fixed),
			statement("CVE-2026-0002", `{"@id":"x","identifiers":{"cpe23":"cpe:2.3:a:vela_medical:pump_9000:3.1:*:*:*:*:*:*:*"}}`, fixed),
			statement("CVE-2026-0003", `{"@id":"Vela Medical Pump 9000 v2.0"}`, fixed),
			statement("CVE-2026-0004", `{"@id":"pkg:generic/Vela/Pump%209000","subcomponents":[{"@id":"pkg:npm/left-pad@1.0.0"}]}`,
				`"status":"not_affected","justification":"vulnerable_code_not_present"`),
			statement("CVE-2026-0005", `{"@id":"pkg:generic/orbit/scanner"}`, fixed),
			statement("CVE-2026-0006", `{"@id":"pkg:generic/vela/pump%209000@%3F%3F"}`, fixed),
		)
		got, err := vuln.Verdicts{DB: db}.ImportVEX(ctx, "vex.json", doc)
		if err != nil {
			t.Fatal(err)
		}
		type row struct {
			vuln, versions, status, justification, source string
			releases                                      int
		}
		var rows []row
		err = db.View(ctx, func(r store.Reader) error {
			all, err := vuln.ListVerdicts(ctx, r, vuln.VerdictQuery{})
			for _, v := range all {
				rows = append([]row{{v.Vulnerability, v.Versions, string(v.Status), v.Justification, v.Source, len(v.Releases)}}, rows...)
				if v.Model != string(model) || len(v.Releases) == 1 && v.Releases[0] != string(release) {
					t.Errorf("verdict = %+v", v)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		const src = "https://vela.example/1"
		want := []row{{"CVE-2026-0001", "", "fixed", "", src, 1}, {"CVE-2026-0002", "3.1", "fixed", "", src, 0}, {"CVE-2026-0003", "", "fixed", "", src, 1},
			{"CVE-2026-0004", "", "not_affected", "vulnerable_code_not_present", src, 0}}
		if d := cmp.Diff(want, rows, cmp.AllowUnexported(row{})); d != "" {
			t.Errorf("verdicts (-want +got):\n%s", d)
		}
		if len(got.Recorded) != 4 || len(got.Untaken) != 2 || got.Untaken[0].Vulnerability != "CVE-2026-0005" || !strings.Contains(got.Untaken[1].Reason, "cannot be read") {
			t.Errorf("result = %+v", got)
		}
	})
}

func TestReadVEXRefusesWhatItIsNot(t *testing.T) {
	doc := openVEX(statement("CVE-2026-0001", `{"@id":"pkg:generic/vela/pump@2.0"}`, `"status":"fixed"`))
	if rec, err := vuln.ReadVEX("v", doc); err != nil || len(rec.Vulns) != 1 {
		t.Fatalf("%+v, %v", rec, err)
	}
	for n := range len(doc) {
		if _, err := vuln.ReadVEX("v", doc[:n]); problem.KindOf(err) != problem.Invalid {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func FuzzReadVEX(f *testing.F) {
	f.Add(openVEX(statement("CVE-2026-0001", `{"@id":"pkg:generic/vela/pump@2.0"}`, `"status":"fixed"`)))
	f.Add([]byte(`{"document":{"csaf_version":"2.0"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := vuln.ReadVEX("v", body); err != nil && problem.KindOf(err) == "" {
			t.Errorf("an error that users cannot read: %v", err)
		}
	})
}
