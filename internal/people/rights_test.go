package people

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
)

func (h *house) view(t *testing.T, fn func(r store.Reader) error) error {
	t.Helper()
	return h.DB.View(context.Background(), fn)
}

// helpdesk is a role that may do everything with people and nothing else.
func (h *house) helpdesk(t *testing.T) string {
	t.Helper()
	role, err := h.CreateRole(h.ctx, Role{Name: "Help desk", Kinds: []string{"people.*"}})
	if err != nil {
		t.Fatal(err)
	}
	return role
}

func TestNobodyGrantsMoreThanTheyHold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := h.helpdesk(t)
		ada := h.person(t, "ada", desk)
		h.grant(t, Grant{Account: ada, Role: RoleHTM, Sites: []string{"sit_a", "sit_b"}})
		bob := h.person(t, "bob", "")
		ctx := h.as(t, ada)
		for _, g := range []Grant{
			{Account: ada, Role: RoleAdministrator, All: true}, {Account: bob, Role: RoleAdministrator, Sites: []string{"sit_a"}},
			{Account: bob, Role: RoleHTM, All: true}, {Account: bob, Role: RoleHTM, Sites: []string{"sit_a", "sit_c"}},
			{Account: bob, Role: RoleHTM, Sites: []string{"sit_a"}, Products: []string{"mod_x"}}, {Account: bob, Role: RolePSIRT, Sites: []string{"sit_a"}},
		} {
			_, err := h.Grant(ctx, g)
			wantKind(t, err, problem.Forbidden)
		}
		for _, g := range []Grant{{Account: bob, Role: RoleHTM, Sites: []string{"sit_b"}}, {Account: bob, Role: desk, All: true}} {
			if _, err := h.Grant(ctx, g); err != nil {
				t.Errorf("%+v: %v", g, err)
			}
		}
		// Widening a role that others have is granting.
		_, err := h.CreateRole(ctx, Role{Name: "Mine", Kinds: []string{"system.backup"}})
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.ChangeRole(ctx, Role{ID: desk, Name: "Help desk", Kinds: []string{"people.*", "device.*"}}), problem.Forbidden)
		if err := h.ChangeRole(ctx, Role{ID: desk, Name: "Help desk", Kinds: []string{KindRead, KindGranted, KindRoleChanged, KindLinkMade, KindPasswordChanged, KindTOTPChanged, KindAccountChanged, KindAccountEnabled}}); err != nil {
			t.Errorf("narrowing a role: %v", err)
		}
		ctx = h.as(t, ada)
		// Nor may they take an account that holds more.
		_, err = h.MakeLink(ctx, h.root)
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.SetPassword(ctx, h.root, "a new and long one"), problem.Forbidden)
		wantKind(t, h.RemoveTOTP(ctx, h.root), problem.Forbidden)
		wantKind(t, h.ChangeAccount(ctx, Account{ID: h.root, Login: "root2", Name: "Rosa"}), problem.Forbidden)
		wantKind(t, h.Enable(ctx, h.root, ""), problem.Forbidden)
		if _, err := h.MakeLink(ctx, bob); err != nil {
			t.Errorf("link for somebody who holds less: %v", err)
		}
		if err := h.SetPassword(ctx, bob, "a new and long one"); err != nil {
			t.Errorf("password of somebody who holds less: %v", err)
		}
		// Without the kind nothing works, whatever they hold.
		psirt := h.as(t, h.person(t, "eve", RolePSIRT))
		_, err = h.Grant(psirt, Grant{Account: bob, Role: RolePSIRT, All: true})
		wantKind(t, err, problem.Forbidden)
		_, err = h.CreateAccount(psirt, NewAccount{Login: "x2", Name: "X"})
		wantKind(t, err, problem.Forbidden)
		_, err = h.CreateRole(psirt, Role{Name: "Mine", Kinds: []string{"vuln.read"}})
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.Disable(psirt, bob, ""), problem.Forbidden)
		wantKind(t, h.SetPassword(psirt, bob, "a new and long one"), problem.Forbidden)
		if names := h.kindsOf(t, bob); slices.Contains(names, "*") {
			t.Error("bob became an administrator")
		}
	})
}

func (h *house) kindsOf(t *testing.T, account string) []string {
	t.Helper()
	var out []string
	if err := h.view(t, func(r store.Reader) error {
		held, err := holdings(context.Background(), r, account, h.DB.Now())
		for _, g := range held {
			out = append(out, g.Kinds...)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTemporaryRightsDoNotOutliveThemselves(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bob := h.person(t, "ada", ""), h.person(t, "bob", "")
		end := h.DB.Now().Add(8 * time.Hour)
		h.grant(t, Grant{Account: ada, Role: RoleAdministrator, All: true, Expires: end})
		token := h.signIn(t, "ada")
		ctx := h.actor(t, token)
		for _, e := range []time.Time{{}, end.Add(time.Microsecond)} {
			for _, who := range []string{ada, bob} {
				_, err := h.Grant(ctx, Grant{Account: who, Role: RoleAdministrator, All: true, Expires: e})
				wantKind(t, err, problem.Forbidden)
			}
		}
		_, err := h.Grant(ctx, Grant{Account: bob, Role: RoleAuditor, All: true, Expires: h.DB.Now()})
		wantKind(t, err, problem.Invalid)
		_, err = h.CreateRole(ctx, Role{Name: "Mine", Kinds: []string{"*"}})
		wantKind(t, err, problem.Forbidden)
		_, err = h.MakeLink(ctx, h.root)
		wantKind(t, err, problem.Forbidden)
		if _, err := h.Grant(ctx, Grant{Account: bob, Role: RoleAuditor, All: true, Expires: end}); err != nil {
			t.Errorf("granting until the same end: %v", err)
		}
		api, _, err := h.CreateToken(ctx, NewToken{Name: "x", Scope: []store.Grant{{Kinds: []string{"*"}, All: true}}, Expires: h.DB.Now().AddDate(0, 6, 0)})
		if err != nil {
			t.Fatal(err)
		}
		a, err := h.AuthenticateToken(ctx, api)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Grant(store.WithActor(context.Background(), a), Grant{Account: bob, Role: RoleAdministrator, All: true})
		wantKind(t, err, problem.Forbidden)
		for h.DB.Now().Before(end) {
			h.clock.Advance(20 * time.Minute)
			if _, _, err := h.Authenticate(ctx, token); err != nil {
				t.Fatal(err)
			}
		}
		if a, err = h.AuthenticateToken(ctx, api); err != nil || len(a.Grants) != 0 {
			t.Errorf("token = %+v, %v after its owner's role expired", a, err)
		}
		if a, _, err := h.Authenticate(ctx, token); err != nil || a.May("people.read") {
			t.Errorf("actor = %+v, %v after the role expired", a, err)
		}
	})
}

func TestLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var own []Grant
		if err := h.view(t, func(r store.Reader) (err error) { own, err = Grants(h.ctx, r, h.root); return err }); err != nil || len(own) != 1 {
			t.Fatalf("grants = %v, %v", own, err)
		}
		refused := func() {
			t.Helper()
			wantKind(t, h.Disable(h.ctx, h.root, ""), problem.Conflict)
			wantKind(t, h.Revoke(h.ctx, own[0].ID, ""), problem.Conflict)
		}
		refused()
		h.grant(t, Grant{Account: h.person(t, "ada", ""), Role: RoleAdministrator, All: true, Expires: h.DB.Now().AddDate(1, 0, 0)}) // ends
		h.grant(t, Grant{Account: h.person(t, "bob", ""), Role: RoleAdministrator, Sites: []string{"sit_a"}})                        // not everywhere
		invited, err := h.CreateAccount(h.ctx, NewAccount{Login: "eve", Name: "Eve"})                                                // cannot sign in yet
		if err != nil {
			t.Fatal(err)
		}
		h.grant(t, Grant{Account: invited, Role: RoleAdministrator, All: true})
		refused()
		wantKind(t, h.Disable(context.Background(), h.root, ""), problem.Forbidden)
		if err := h.SetPassword(h.ctx, invited, adaPassword); err != nil {
			t.Fatal(err)
		}
		if err := h.Disable(h.ctx, h.root, "moved on"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.Disable(h.as(t, invited), invited, ""), problem.Conflict)
	})
}

func TestSeededRoles(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		before := len(h.journal(t))
		if err := h.Seed(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := len(h.journal(t)); n != before {
			t.Errorf("seeding again recorded %d events", n-before)
		}
		var roles []Role
		if err := h.view(t, func(r store.Reader) (err error) { roles, err = Roles(h.ctx, r); return err }); err != nil {
			t.Fatal(err)
		}
		want := Seeded()
		slices.SortFunc(want, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
		if d := cmp.Diff(want, roles); d != "" {
			t.Errorf("roles (-want +got):\n%s", d)
		}
		auditor, _ := h.role(t, RoleAuditor)
		auditor.Description = "changed"
		wantKind(t, h.ChangeRole(h.ctx, auditor), problem.Conflict)
		wantKind(t, h.DeleteRole(h.ctx, RoleAuditor), problem.Conflict)
		_, err := h.CreateRole(h.ctx, auditor)
		wantKind(t, err, problem.Conflict) // the name
		auditor.Name = "Our auditor"
		copied, err := h.CreateRole(h.ctx, auditor)
		if err != nil {
			t.Fatal(err)
		}
		ada := h.person(t, "ada", copied)
		wantKind(t, h.DeleteRole(h.ctx, copied), problem.Conflict)
		scoped := auditor
		scoped.ID, scoped.Scoped = copied, true
		wantKind(t, h.ChangeRole(h.ctx, scoped), problem.Conflict)
		var grants []Grant
		if err := h.view(t, func(r store.Reader) (err error) { grants, err = Grants(h.ctx, r, ada); return err }); err != nil {
			t.Fatal(err)
		}
		if err := h.Revoke(h.ctx, grants[0].ID, "no longer"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.Revoke(h.ctx, grants[0].ID, ""), problem.NotFound)
		if err := h.DeleteRole(h.ctx, copied); err != nil {
			t.Fatal(err)
		}
		_, err = h.CreateRole(h.ctx, Role{Name: "Bad", Kinds: []string{"device.fly", "self.*", "dev*", "vuln.*"}})
		if f := problem.FaultsOf(err); len(f) != 3 {
			t.Errorf("faults = %v", f)
		}
		// A seeded row that was altered behind the program's back is put right.
		sys := store.WithActor(context.Background(), store.System("test"))
		if err := h.DB.Update(sys, func(tx *store.Tx) error {
			if _, err := tx.Exec(sys, `UPDATE people_role SET kinds = '["*"]' WHERE id = $1`, RoleAuditor); err != nil {
				return err
			}
			_, err := tx.Record(sys, store.Event{Kind: "test.done", Subject: "x"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := h.Seed(context.Background()); err != nil {
			t.Fatal(err)
		}
		if o, err := h.role(t, RoleAuditor); err != nil || slices.Contains(o.Kinds, "*") {
			t.Errorf("role = %+v, %v", o, err)
		}
	})
}

func (h *house) role(t *testing.T, role string) (Role, error) {
	t.Helper()
	var o Role
	err := h.view(t, func(r store.Reader) (err error) { o, err = GetRole(h.ctx, r, role); return err })
	return o, err
}

func TestAuditorReadsAllAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		account := h.person(t, "ada", RoleAuditor)
		ctx := h.as(t, account)
		a, _ := store.ActorOf(ctx)
		for _, k := range Vocabulary() {
			if a.Scope(k.Name).All != k.Reads() {
				t.Errorf("auditor may %s: %v", k.Name, a.May(k.Name))
			}
		}
		if err := h.view(t, func(r store.Reader) error {
			if _, err := Accounts(ctx, r, AccountQuery{}); err != nil {
				return err
			}
			_, err := Grants(ctx, r, h.root)
			return err
		}); err != nil {
			t.Error(err)
		}
		_, err := h.CreateAccount(ctx, NewAccount{Login: "x2", Name: "X"})
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.Disable(ctx, h.root, ""), problem.Forbidden)
	})
}

func TestNewAccountAndExternalPartySeeNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		account := h.person(t, "ext", "")
		ctx := h.as(t, account)
		a, _ := store.ActorOf(ctx)
		for _, k := range Vocabulary() {
			if a.May(k.Name) {
				t.Errorf("an account without grants may %s", k.Name)
			}
		}
		if !a.May(KindSelfPasswordChanged) {
			t.Error("an account may not change its own password")
		}
		if err := h.view(t, func(r store.Reader) error {
			_, err := Accounts(ctx, r, AccountQuery{})
			wantKind(t, err, problem.Forbidden)
			_, err = Choices(ctx, r, "", 10)
			wantKind(t, err, problem.Forbidden)
			_, err = Roles(ctx, r)
			wantKind(t, err, problem.Forbidden)
			_, err = Get(ctx, r, h.root)
			wantKind(t, err, problem.Forbidden)
			_, err = Tokens(ctx, r, TokenQuery{})
			wantKind(t, err, problem.Forbidden)
			own, err := Get(ctx, r, account)
			if own.Login != "ext" {
				t.Errorf("own account = %+v", own)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		_, err := h.Grant(h.ctx, Grant{Account: account, Role: RoleExternal, All: true})
		wantKind(t, err, problem.Invalid)
		h.grant(t, Grant{Account: account, Role: RoleExternal, Products: []string{"mod_x"}})
		a, _ = store.ActorOf(h.as(t, account))
		if d := cmp.Diff(store.Scope{Products: []string{"mod_x"}}, a.Scope("vuln.read")); d != "" || a.May("device.read") {
			t.Errorf("scope (-want +got):\n%s", d)
		}
	})
}

// An inquiry's visitor may look at that inquiry and nowhere else, whatever else the role names.
func TestGrantForInquiryOpensThatInquiryOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		role, err := h.CreateRole(h.ctx, Role{Name: "Auditor from outside", Kinds: []string{"inquiry.read", "inquiry.viewed", "vuln.read", "people.account_created"}})
		if err != nil {
			t.Fatal(err)
		}
		eve := h.person(t, "eve", "")
		h.grant(t, Grant{Account: eve, Role: role, Inquiries: []string{"inq_b", "inq_a"}})
		_, err = h.Grant(h.ctx, Grant{Account: eve, Role: RoleVisitor, All: true})
		wantKind(t, err, problem.Invalid)
		ctx := h.as(t, eve)
		a, _ := store.ActorOf(ctx)
		if s := a.Scope("inquiry.read"); !s.CoversInquiry("inq_a") || s.CoversInquiry("inq_c") || s.CoversInquiry("") || s.Covers("", "") || s.All {
			t.Errorf("scope of inquiries is %+v", s)
		}
		for _, kind := range []string{"vuln.read", "people.account_created", "device.read"} {
			if a.May(kind) {
				t.Errorf("a grant for an inquiry allows %s", kind)
			}
		}
		record := func(subject string) error {
			return h.DB.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.Record(ctx, store.Event{Kind: "inquiry.viewed", Subject: subject, Body: struct{}{}})
				return err
			})
		}
		if err := record("inq_a"); err != nil {
			t.Error(err)
		}
		wantKind(t, record("inq_c"), problem.Forbidden)
		wantKind(t, record(""), problem.Forbidden)
		var grants []Grant
		if err := h.view(t, func(r store.Reader) (err error) { grants, err = Grants(h.ctx, r, eve); return err }); err != nil {
			t.Fatal(err)
		}
		if len(grants) != 1 || !slices.Equal(grants[0].Inquiries, []string{"inq_a", "inq_b"}) {
			t.Errorf("grants are %+v", grants)
		}
	})
}
