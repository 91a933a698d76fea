package custody_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// What an incident asks for after an item was registered keeps the item all the same.
func TestIncidentsKeepTheirEvidence(t *testing.T) {
	each(t, func(s *scene) {
		cases := incident.Cases{DB: s.db}
		change := func(id string, fn func(*incident.Incident)) {
			s.Helper()
			var f incident.Incident
			s.must(s.db.View(s.as(s.anna), func(r store.Reader) (err error) {
				f, err = incident.Brief(s.as(s.anna), r, id)
				return err
			}))
			fn(&f)
			s.must(cases.Change(s.as(s.anna), id, f, "lawyers ask"))
		}
		other, err := cases.Declare(s.as(s.anna), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "The same", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green,
			Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		i := s.sealed([]byte("what the pump said"))
		year := s.clock.Now().AddDate(1, 0, 0)
		for _, legal := range []incident.Legal{incident.LegalHold, incident.Privileged} {
			change(s.inc, func(f *incident.Incident) { f.Legal, f.RetainUntil = legal, year })
			if item, _ := s.get(i); !item.Keep.Held || item.Hold || !item.Keep.Until.Equal(year) || item.Keep.Open != "INC-2026-0001" {
				s.Errorf("%s: the item is kept so: %+v", legal, item.Keep)
			}
			s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "legal hold")
		}
		change(s.inc, func(f *incident.Incident) { f.Legal = incident.Released })
		change(other, func(f *incident.Incident) { f.Legal = incident.LegalHold })
		s.must(cases.SameAs(s.as(s.anna), s.inc, other))
		s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "legal hold") // of the incident that it is a duplicate of
		change(other, func(f *incident.Incident) { f.Legal, f.RetainUntil = incident.Released, year.AddDate(1, 0, 0) })
		s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "kept while INC-2026-0002 is open")
		s.must(cases.Move(s.as(s.anna), other, incident.Move{To: incident.FalseAlarm, Reason: "a test of the maker"}))
		s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "kept until "+year.AddDate(1, 0, 0).Format(time.DateOnly))
		s.clock.Advance(2 * 366 * 24 * time.Hour)
		s.must(s.vault.Destroy(s.as(s.anna), i, "over"))
		s.must(s.vault.Hold(s.as(s.anna), i, "a claim"))
		s.must(s.vault.EndHold(s.as(s.anna), i, "settled"))
		s.must(s.vault.Destroy(s.as(s.ben), i, "agreed")) // the hold took back what anna asked for: ben asks
		s.must(s.vault.Destroy(s.as(s.anna), i, "agreed"))
		if item, _ := s.get(i); item.State != custody.Destroyed {
			s.Errorf("two asked for it, and it is %s", item.State)
		}
	})
}

// allowed is what may be done in which state, once more.
var allowed = map[custody.State]string{
	custody.Registered: "content seal hold end-hold destroy",
	custody.Sealed:     "transfer release read work verify hold end-hold destroy",
	custody.CheckedOut: "transfer receive take-back read work verify hold end-hold",
	custody.Released:   "take-back receipt read verify hold end-hold destroy",
	custody.Broken:     "read verify accept hold end-hold",
	custody.Destroyed:  "",
}

// Every operation in every state is refused, or done, as the table says.
func TestOperationsFitTheState(t *testing.T) {
	each(t, func(s *scene) {
		content := []byte("what the pump said")
		hand := custody.Hand{To: s.ben, Outside: "Northmere Medical", As: incident.Clients, Reason: "analysis", Authority: "head", Receipt: "R-1", On: s.clock.Now(), SHA256: hashOf(content)}
		anna, ben := s.as(s.anna), s.as(s.ben)
		do := map[custody.Operation]func(string) error{
			custody.OpContent: func(i string) error {
				_, err := s.vault.Append(anna, i, int64(len(content)), strings.NewReader("x"))
				return err
			},
			custody.OpSeal: func(i string) error { return s.vault.Seal(anna, i, custody.Sealing{}) },
			custody.OpTransfer: func(i string) error {
				h := hand
				if item, _ := s.get(i); item.Holder == s.ben {
					h.To = s.anna
				}
				return s.vault.Transfer(ben, i, h)
			},
			custody.OpReceive:  func(i string) error { return s.vault.Receive(ben, i, "") },
			custody.OpTakeBack: func(i string) error { return s.vault.TakeBack(anna, i, hand) },
			custody.OpRelease:  func(i string) error { return s.vault.Release(anna, i, hand) },
			custody.OpReceipt:  func(i string) error { return s.vault.Confirm(anna, i, hand) },
			custody.OpRead: func(i string) error {
				_, r, err := s.vault.Open(anna, i, "look")
				if err == nil {
					err = r.Close()
				}
				return err
			},
			custody.OpWork:    func(i string) error { return s.vault.Work(anna, i, custody.Copied, "to look at") },
			custody.OpVerify:  func(i string) error { return s.vault.Verify(anna, i) },
			custody.OpAccept:  func(i string) error { return s.vault.Accept(anna, i, "the disk failed") },
			custody.OpHold:    func(i string) error { return s.vault.Hold(anna, i, "a claim") },
			custody.OpEndHold: func(i string) error { return s.vault.EndHold(anna, i, "settled") },
			custody.OpDestroy: func(i string) error { return s.vault.Destroy(anna, i, "over") },
		}
		into := func(state custody.State, held bool) string {
			i := s.register(custody.LogExtract)
			_, err := s.vault.Append(anna, i, 0, bytes.NewReader(content))
			s.must(err)
			if held {
				s.must(s.vault.Hold(anna, i, "a claim"))
			}
			if state == custody.Registered {
				return i
			}
			s.must(s.vault.Seal(anna, i, custody.Sealing{}))
			switch state {
			case custody.CheckedOut:
				s.must(s.vault.Transfer(anna, i, hand))
			case custody.Released, custody.Broken:
				s.must(s.vault.Release(anna, i, hand))
				if state == custody.Broken {
					wrong := hand
					wrong.SHA256 = strings.Repeat("0", 64)
					s.must(s.vault.Confirm(anna, i, wrong))
				}
			case custody.Destroyed:
				s.must(s.vault.Destroy(anna, i, "over"))
				s.must(s.vault.Destroy(ben, i, "agreed"))
			}
			return i
		}
		s.over()
		for state, may := range allowed {
			item := ""
			for _, o := range custody.Operations() {
				if item == "" {
					item = into(state, false)
				}
				want := slices.Contains(strings.Fields(may), string(o))
				if o == custody.OpEndHold && want {
					item = into(state, true)
				}
				before, chain := s.get(item)
				if before.State != state || before.Allows(o) != want {
					s.Fatalf("%s when %s: allowed %v, want %v", o, before.State, before.Allows(o), want)
				}
				err := do[o](item)
				if want {
					s.must(err)
					item = ""
					continue
				}
				if problem.KindOf(err) != problem.Conflict {
					s.Errorf("%s when %s: %v", o, state, err)
				}
				if _, after := s.get(item); len(after) != len(chain) {
					s.Errorf("%s when %s was refused, and recorded", o, state)
				}
			}
		}
	})
}

// hooked is a blob store that does something just before it gives a blob.
type hooked struct {
	custody.Blobs
	before func()
}

func (h *hooked) Get(ctx context.Context, d blob.Digest) (io.ReadCloser, error) {
	if fn := h.before; fn != nil {
		h.before = nil
		fn()
	}
	return h.Blobs.Get(ctx, d)
}

// newKey puts a new key below the others, or alone, and opens the vault with that.
func (s *scene) newKey(alone bool) {
	s.Helper()
	old, err := os.ReadFile(s.keys)
	s.must(err)
	s.must(os.Remove(s.keys))
	s.open()
	if alone {
		return
	}
	fresh, err := os.ReadFile(s.keys)
	s.must(err)
	s.must(os.WriteFile(s.keys, append(old, fresh...), 0o600))
	s.open()
}

// Keys that are changed while an item is hashed or read break nothing.
func TestKeysRotateWhileContentIsRead(t *testing.T) {
	each(t, func(s *scene) {
		i := s.register(custody.LogExtract)
		for _, piece := range []string{"one, ", "two, ", "three"} {
			item, _ := s.get(i)
			_, err := s.vault.Append(s.as(s.anna), i, item.Size, strings.NewReader(piece))
			s.must(err)
		}
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		for _, use := range []struct {
			name string
			do   func(custody.Vault) error
		}{
			{"verify", func(v custody.Vault) error { return v.Verify(s.as(s.anna), i) }},
			{"transfer", func(v custody.Vault) error {
				return v.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben, Reason: "a", Authority: "b"})
			}},
			{"take back", func(v custody.Vault) error { return v.TakeBack(s.as(s.anna), i, custody.Hand{}) }},
			{"read", func(v custody.Vault) error {
				_, r, err := v.Open(s.as(s.anna), i, "look")
				s.must(err)
				got, err := io.ReadAll(r)
				if string(got) != "one, two, three" {
					s.Errorf("read %q", got)
				}
				return err
			}},
		} {
			name := use.name
			s.newKey(false)
			plain := s.vault
			v := plain
			v.Blobs = &hooked{plain.Blobs, func() {
				n, err := plain.Rewrap(s.as(s.anna))
				if err != nil || n != 3 {
					s.Errorf("%s: %d parts encrypted anew, %v", name, n, err)
				}
			}}
			if err := use.do(v); err != nil {
				s.Errorf("%s: %v", name, err)
			}
			item, chain := s.get(i)
			if item.State == custody.Broken || slices.ContainsFunc(chain, func(e custody.Entry) bool { return e.Match == "no" }) {
				s.Fatalf("%s: it is %s", name, item.State)
			}
			if len(item.Keys) != 1 || !strings.HasPrefix(item.Keys[0], "age1") {
				s.Errorf("%s: it is encrypted for %v", name, item.Keys)
			}
		}
	})
}

// One item that cannot be read keeps no other one from being hashed again, nor from being encrypted anew.
func TestOneBadKeyStopsNothingElse(t *testing.T) {
	each(t, func(s *scene) {
		lost := s.sealed([]byte("with a key that is lost"))
		s.newKey(true)
		whole := s.sealed([]byte("with a key that is there"))
		s.clock.Advance(custody.VerifyEvery + time.Hour)
		n, err := s.vault.Tick(s.as(s.anna))
		if n != 1 || problem.KindOf(err) != problem.Unavailable || !strings.Contains(err.Error(), lost) {
			s.Errorf("%d items hashed, %v", n, err)
		}
		if item, _ := s.get(whole); !item.Verified.Equal(s.clock.Now()) {
			s.Errorf("hashed last at %s", item.Verified)
		}
		if item, _ := s.get(lost); item.State != custody.Sealed || !item.Verified.IsZero() {
			s.Errorf("what cannot be read is %s", item.State)
		}
		s.newKey(false)
		if n, err := s.vault.Rewrap(s.as(s.anna)); n != 1 || problem.KindOf(err) != problem.Unavailable {
			s.Errorf("%d parts encrypted anew, %v", n, err)
		}
	})
}

// The hash that was taken at collection has to be that of what came in, unless somebody says why not.
func TestHashAtCollection(t *testing.T) {
	each(t, func(s *scene) {
		content, other := []byte("what the pump said"), []byte("what somebody else said")
		register := func(expected string) string {
			i, err := s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: custody.Image, Description: "disk", Source: "pump", Authority: "head", Method: "copy", Began: s.clock.Now(), Patients: custody.NoPatients,
				Expected: expected, WithSHA512: true})
			s.must(err)
			return i
		}
		i := register(" " + strings.ToUpper(hashOf(content)) + "\n")
		s.refused(s.vault.Announce(s.as(s.anna), i, custody.Coming{SHA256: hashOf(other)}), problem.Conflict, "another file")
		s.must(s.vault.Announce(s.as(s.anna), i, custody.Coming{SHA256: hashOf(content), File: "disk.img"}))
		_, err := s.vault.Append(s.as(s.anna), i, 0, bytes.NewReader(content[:7]))
		s.must(err)
		if item, _ := s.get(i); item.Received() != hashOf(content[:7]) || item.File != "disk.img" {
			s.Errorf("received %s of %s", item.Received(), item.File)
		}
		s.open()
		_, err = s.vault.Append(s.as(s.anna), i, 7, bytes.NewReader(content[7:]))
		s.must(err)
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		item, chain := s.get(i)
		if last := chain[len(chain)-1]; item.Differs() || last.Match != "yes" || last.HashBefore != hashOf(content) || len(item.SHA512) != 128 {
			s.Errorf("%+v of %+v", last, item)
		}

		i = register("")
		s.must(s.vault.Announce(s.as(s.anna), i, custody.Coming{SHA256: hashOf(content)}))
		_, err = s.vault.Append(s.as(s.anna), i, 0, bytes.NewReader(other))
		s.must(err)
		s.refused(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}), problem.Invalid, hashOf(other))
		s.refused(s.vault.Seal(s.as(s.anna), i, custody.Sealing{Expected: hashOf(other)}), problem.Conflict, "told before")
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{Difference: "the log went on while it was read"}))
		item, chain = s.get(i)
		if last := chain[len(chain)-1]; !item.Differs() || last.Match != "no" || last.HashAfter != hashOf(other) || last.Reason == "" || item.State != custody.Sealed {
			s.Errorf("%+v of %+v", last, item)
		}
		s.must(s.vault.Verify(s.as(s.anna), i)) // it is what was sealed
		if item, _ := s.get(i); item.State != custody.Sealed {
			s.Errorf("it is %s", item.State)
		}
		_, err = s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: custody.Image, Description: "disk", Source: "pump", Authority: "head", Method: "copy", Began: s.clock.Now(), Patients: custody.NoPatients, Expected: "12ab"})
		s.refused(err, problem.Invalid, "64 digits")
	})
}

// Custody goes to the manufacturer with a receipt, and comes back with a hash.
func TestReceiptAndReturnFromOutside(t *testing.T) {
	each(t, func(s *scene) {
		content := []byte("what the pump said")
		release := custody.Hand{Outside: "Northmere Medical", As: incident.Clients, Reason: "only the maker can read it", Authority: "head of security"}
		receipt := custody.Hand{Outside: "J. Doe, Northmere Medical", Receipt: "R-9", On: s.clock.Now(), SHA256: strings.ToUpper(hashOf(content))}
		i := s.sealed(content)
		s.must(s.vault.Release(s.as(s.anna), i, release))
		s.refused(s.vault.Confirm(s.as(s.anna), i, custody.Hand{On: s.clock.Now().Add(time.Hour)}), problem.Invalid, "future")
		s.must(s.vault.Confirm(s.as(s.anna), i, receipt))
		item, chain := s.get(i)
		if e := chain[len(chain)-1]; e.Action != custody.Receipted || e.Match != "yes" || e.Receipt != "R-9" || !e.On.Equal(receipt.On) || e.To != receipt.Outside || item.Receipt != "R-9" || item.State != custody.Released {
			s.Errorf("%+v; the item is %s", e, item.State)
		}
		s.refused(s.vault.TakeBack(s.as(s.ben), i, custody.Hand{}), problem.Invalid, "hash what came back")
		s.must(s.vault.TakeBack(s.as(s.ben), i, custody.Hand{SHA256: hashOf(content), Place: "safe 2", Receipt: "E-4"}))
		item, chain = s.get(i)
		if e := chain[len(chain)-1]; e.Action != custody.Returned || e.From != "Northmere Medical" || e.To != "ben" || e.Match != "yes" || item.State != custody.Sealed || item.Holder != s.ben || item.Receipt != "" {
			s.Errorf("%+v; the item is %s", e, item.State)
		}
		s.must(s.vault.Release(s.as(s.ben), i, release))
		s.must(s.vault.TakeBack(s.as(s.ben), i, custody.Hand{SHA256: hashOf([]byte("another"))}))
		item, chain = s.get(i)
		if e := chain[len(chain)-1]; e.Match != "no" || e.HashAfter != hashOf([]byte("another")) || item.State != custody.Broken {
			s.Errorf("%+v; the item is %s", e, item.State)
		}
		s.must(s.vault.Accept(s.as(s.ben), i, "they sent a wrong copy; ours is whole"))
		if item, _ := s.get(i); item.State != custody.Sealed {
			s.Errorf("accepted, it is %s", item.State)
		}
		thing := s.register(custody.Thing)
		s.must(s.vault.Seal(s.as(s.anna), thing, custody.Sealing{}))
		s.must(s.vault.Release(s.as(s.anna), thing, release))
		s.refused(s.vault.Confirm(s.as(s.anna), thing, receipt), problem.Invalid, "has no hash")
		receipt.SHA256 = ""
		s.must(s.vault.Confirm(s.as(s.anna), thing, receipt))
		s.must(s.vault.TakeBack(s.as(s.anna), thing, custody.Hand{Seal: "S-20"}))
		if item, _ := s.get(thing); item.State != custody.Sealed || item.Seal != "S-20" {
			s.Errorf("it is %s, seal %s", item.State, item.Seal)
		}
	})
}

// The exhibits of an incident are listed by number, and what is known of them is kept as it was said.
func TestExhibitsAreInOrderAndKeepTheirDetails(t *testing.T) {
	each(t, func(s *scene) {
		d := custody.Details{Model: "Pump 3", Serial: "SN-1", UDI: "(01)04012345678901(21)SN-1", Location: "ward 4", Host: "10.1.1.9", Interface: "eth0", LegalBasis: "incident plan 4.2", Tool: "service tool", ToolVersion: "4.1",
			Command: "export --all", WriteBlocker: "bridge T8", Medium: "card of 8 GB"}
		for range 11 {
			_, err := s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: custody.LogExtract, Device: s.system(), Description: "log", Source: "pump", Authority: "head", Method: "tool", Began: s.clock.Now(), Ended: s.clock.Now(),
				Patients: custody.NoPatients, TLP: incident.Red, PAP: incident.Amber, Skew: -90 * time.Second, SkewKnown: true, Details: d})
			s.must(err)
			s.clock.Advance(time.Minute)
		}
		list := func() (all []custody.Item) {
			s.Helper()
			s.must(s.db.View(testdb.System(), func(r store.Reader) (err error) {
				all, err = custody.List(testdb.System(), r, s.inc)
				return err
			}))
			return all
		}
		all := list()
		s.must(s.vault.Hold(s.as(s.anna), all[0].ID, "a claim")) // changed last
		for n, i := range list() {
			if want := "INC-2026-0001/" + []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}[n]; i.Exhibit != want || i.Details != d || i.TLP != incident.Red || i.PAP != incident.Amber || i.Skew != -90*time.Second {
				s.Errorf("%s is %+v", want, i)
			}
		}
		if _, chain := s.get(all[0].ID); chain[0].Details == nil || *chain[0].Details != d {
			s.Errorf("the first entry has %+v", chain[0].Details)
		}
		for path, bad := range map[string]custody.Item{"tlp": {TLP: "pink"}, "pap": {PAP: "white"}, "label of TLP": {PAP: incident.AmberStrict}, "skew": {Skew: time.Second}, "future": {Began: s.clock.Now().Add(time.Hour)}} {
			i := custody.Item{Incident: s.inc, Kind: custody.LogExtract, Description: "log", Source: "pump", Authority: "head", Method: "tool", Began: s.clock.Now(), Patients: custody.NoPatients, TLP: bad.TLP, PAP: bad.PAP, Skew: bad.Skew}
			if !bad.Began.IsZero() {
				i.Began = bad.Began
			}
			_, err := s.vault.Register(s.as(s.anna), i)
			s.refused(err, problem.Invalid, path)
		}
		_, err := s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: custody.LogExtract, Device: "dev_unknown", Description: "log", Source: "pump", Authority: "head", Method: "tool", Began: s.clock.Now(), Patients: custody.NoPatients})
		if err == nil {
			s.Error("evidence of a device that nobody knows is taken")
		}
	})
}

// What the record of a device says is frozen when evidence of it is registered, whatever is sent and whatever changes later.
func TestDeviceIsFrozen(t *testing.T) {
	each(t, func(s *scene) {
		fleet := device.Fleet{DB: s.db}
		pump, err := fleet.Register(testdb.System(), device.Device{AssetTag: "P-1", Serial: "SN-1", UDI: "(01)04012345678901(21)SN-1", RawVendor: "Nordmed", RawModel: "N-1", Ward: "ICU"})
		s.must(err)
		register := func() (string, error) {
			return s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: custody.LogExtract, Device: string(pump), Description: "log", Source: "service port", Authority: "head", Method: "tool", Began: s.clock.Now(),
				Patients: custody.NoPatients, Details: custody.Details{Serial: "mallory's", Host: "pump-1"}})
		}
		_, err = register()
		s.refused(err, problem.Forbidden, "device.read") // neither in the incident nor hers to see
		s.must(incident.Cases{DB: s.db}.Involve(testdb.System(), s.inc, []string{string(pump)}, nil))
		i, err := register()
		s.must(err)
		var d device.Device
		s.must(s.db.View(testdb.System(), func(r store.Reader) (err error) {
			d, err = device.Get(testdb.System(), r, pump)
			return err
		}))
		d.Serial, d.UDI, d.Ward = "SN-2", "(01)04012345678901(21)SN-2", "Store"
		s.must(fleet.Change(testdb.System(), d))
		want := custody.Details{Model: "Nordmed N-1", Serial: "SN-1", UDI: "(01)04012345678901(21)SN-1", Location: "ICU", Host: "pump-1"}
		if item, chain := s.get(i); item.Details != want || *chain[0].Details != want {
			s.Errorf("frozen %+v, want %+v", item.Details, want)
		}
	})
}
