package api_test

import (
	"strings"
	"testing"

	"triward/apiv1"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestSignaturesAndIdentities(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		ann := f.signer.Person(t, "ann", "Ann Author")
		all := must[apiv1.List[apiv1.Signature]](f, "GET", "/signatures?record="+signature.AccountabilityRecord().ID, nil)
		if len(all.Items) != 1 || all.Items[0].Name != "Ann Author" || all.Items[0].Meaning != "acknowledgement" || all.Items[0].Signer != ann || all.Items[0].Document != "POL-09" {
			t.Fatalf("signatures = %+v", all)
		}
		refused(f, 422, "GET", "/signatures", nil)
		w := f.send("GET", "/signatures/"+all.Items[0].ID+"/file", nil)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("the file answers %d", w.Code)
		}
		if e, err := signature.ReadExport(w.Body.Bytes()); err != nil || e.Proof.Entry != all.Items[0].Entry {
			t.Errorf("the file: %v", err)
		}
		if c := must[apiv1.SignatureCheck](f, "GET", "/signatures/"+all.Items[0].ID+"/check", nil); !c.Valid || c.Signature.Statement != all.Items[0].Statement {
			t.Errorf("check = %+v", c)
		}
		refused(f, 404, "GET", "/signatures/sig_x/file", nil)

		i := must[apiv1.PersonIdentity](f, "GET", "/accounts/"+ann+"/identity", nil)
		if !i.Valid || i.Name != "Ann Author" || i.How != "in_person" {
			t.Errorf("identity = %+v", i)
		}
		must[apiv1.Link](f, "POST", "/accounts/"+f.signer.Newcomer(t, "bob", "Bob Boss")+"/link", nil)
		// P11-22: a token is nobody who could have seen a person.
		token := f.as(store.Actor{ID: "tok_1", Name: "script", Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}})
		if p := refused(token, 403, "POST", "/accounts/"+ann+"/identity", apiv1.VerificationInput{How: "in_person", Evidence: "passport"}); !strings.Contains(p.Detail, "token") {
			t.Errorf("a token is told %q", p.Detail)
		}
		must[empty](f, "POST", "/accounts/"+ann+"/identity", apiv1.VerificationInput{How: "remote", Evidence: "passport"})
		if l := must[apiv1.List[apiv1.Passkey]](f, "GET", "/accounts/"+ann+"/passkeys", nil); len(l.Items) != 0 {
			t.Errorf("passkeys = %+v", l)
		}
		refused(f, 404, "DELETE", "/accounts/"+ann+"/passkeys/pky_x", nil)
	})
}
