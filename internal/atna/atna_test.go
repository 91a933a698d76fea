package atna

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"triward/internal/testdata"
)

// The same message as encoding/xml understands it: slow, and written from the schema alone.
type (
	plainCode struct {
		CSD    string `xml:"csd-code,attr"`
		Code   string `xml:"code,attr"`
		Name   string `xml:"codeSystemName,attr"`
		System string `xml:"codeSystem,attr"`
		Orig   string `xml:"originalText,attr"`
		Disp   string `xml:"displayName,attr"`
		Text   string `xml:",chardata"`
	}
	plainUID struct {
		UID    string `xml:"UID,attr"`
		Number string `xml:"Number,attr"`
	}
	plainDescription struct {
		Text      string     `xml:",chardata"`
		MPPS      []plainUID `xml:"MPPS"`
		Accession []plainUID `xml:"Accession"`
		SOPClass  []struct {
			UID      string     `xml:"UID,attr"`
			Number   string     `xml:"NumberOfInstances,attr"`
			Instance []plainUID `xml:"Instance"`
		} `xml:"SOPClass"`
		Studies    []plainUID `xml:"ParticipantObjectContainsStudy>StudyIDs"`
		Encrypted  string     `xml:"Encrypted"`
		Anonymized string     `xml:"Anonymized"`
	}
	plainMessage struct {
		Event struct {
			ID          plainCode   `xml:"EventID"`
			Types       []plainCode `xml:"EventTypeCode"`
			Action      string      `xml:"EventActionCode,attr"`
			Time        string      `xml:"EventDateTime,attr"`
			Outcome     string      `xml:"EventOutcomeIndicator,attr"`
			Description string      `xml:"EventOutcomeDescription"`
		} `xml:"EventIdentification"`
		Participants []struct {
			UserID    string      `xml:"UserID,attr"`
			Alt       string      `xml:"AlternativeUserID,attr"`
			Name      string      `xml:"UserName,attr"`
			Requestor string      `xml:"UserIsRequestor,attr"`
			Type      string      `xml:"UserTypeCode,attr"`
			Access    string      `xml:"NetworkAccessPointID,attr"`
			AccessIs  string      `xml:"NetworkAccessPointTypeCode,attr"`
			Roles     []plainCode `xml:"RoleIDCode"`
			Media     plainCode   `xml:"MediaIdentifier>MediaType"`
		} `xml:"ActiveParticipant"`
		Sources []struct {
			ID    string      `xml:"AuditSourceID,attr"`
			Site  string      `xml:"AuditEnterpriseSiteID,attr"`
			Types []plainCode `xml:"AuditSourceTypeCode"`
		} `xml:"AuditSourceIdentification"`
		Objects []struct {
			ID          string    `xml:"ParticipantObjectID,attr"`
			Type        string    `xml:"ParticipantObjectTypeCode,attr"`
			Role        string    `xml:"ParticipantObjectTypeCodeRole,attr"`
			LifeCycle   string    `xml:"ParticipantObjectDataLifeCycle,attr"`
			Sensitivity string    `xml:"ParticipantObjectSensitivity,attr"`
			IDType      plainCode `xml:"ParticipantObjectIDTypeCode"`
			Name        string    `xml:"ParticipantObjectName"`
			Query       string    `xml:"ParticipantObjectQuery"`
			Details     []struct {
				Type  string `xml:"type,attr"`
				Value string `xml:"value,attr"`
			} `xml:"ParticipantObjectDetail"`
			Description plainDescription `xml:"ParticipantObjectDescription"`
		} `xml:"ParticipantObjectIdentification"`
	}
)

func (c plainCode) code() Code {
	return Code{strings.TrimSpace(c.CSD + c.Code + c.Text), c.Name + c.System, c.Orig + c.Disp}
}

func codes(in []plainCode) (out []Code) {
	for _, c := range in {
		out = append(out, c.code())
	}
	return out
}

func uids(in []plainUID) (out []string) {
	for _, u := range in {
		out = append(out, u.UID+u.Number)
	}
	return out
}

func plainDecode(t *testing.T, text string) Message {
	t.Helper()
	var p plainMessage
	if err := xml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &p); err != nil {
		t.Fatal(err)
	}
	trim := strings.TrimSpace
	m := Message{Event: Event{ID: p.Event.ID.code(), Types: codes(p.Event.Types), Action: p.Event.Action, Time: p.Event.Time, Outcome: p.Event.Outcome, OutcomeDescription: trim(p.Event.Description)}}
	for _, a := range p.Participants {
		m.Participants = append(m.Participants, Participant{a.UserID, a.Alt, a.Name, a.Requestor, a.Type, a.Access, a.AccessIs, codes(a.Roles), a.Media.code()})
	}
	for _, s := range p.Sources {
		m.Sources = append(m.Sources, Source{s.ID, s.Site, codes(s.Types)})
	}
	for _, o := range p.Objects {
		out := Object{ID: o.ID, Type: o.Type, Role: o.Role, LifeCycle: o.LifeCycle, Sensitivity: o.Sensitivity, IDType: o.IDType.code(), Name: trim(o.Name), Query: trim(o.Query)}
		for _, d := range o.Details {
			out.Details = append(out.Details, Detail{d.Type, d.Value})
		}
		d := o.Description
		out.Description = Description{Text: trim(d.Text), MPPS: uids(d.MPPS), Accessions: uids(d.Accession), Studies: uids(d.Studies), Encrypted: trim(d.Encrypted), Anonymized: trim(d.Anonymized)}
		for _, c := range d.SOPClass {
			out.Description.Classes = append(out.Description.Classes, Class{c.UID, c.Number, uids(c.Instance)})
		}
		m.Objects = append(m.Objects, out)
	}
	return m
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// samples are our own and those of the real data where it is.
func samples(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{"export.xml": read(t, "testdata/export.xml")}
	if dir, ok := testdata.Dir(); ok {
		files, err := filepath.Glob(filepath.Join(dir, "atna", "*.xml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			out[filepath.Base(f)] = read(t, f)
		}
	}
	return out
}

func TestDecodeAgreesWithEncodingXML(t *testing.T) {
	var reused Message
	for name, text := range samples(t) {
		for how, s := range map[string]string{"": text, " with carriage returns": strings.ReplaceAll(text, "\n", "\r\n"), " with byte order mark": "\ufeff" + text} {
			if err := Decode(s, &reused); err != nil {
				t.Errorf("%s%s: %v", name, how, err)
				continue
			}
			if d := cmp.Diff(plainDecode(t, s), reused, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s%s: %s", name, how, d)
			}
		}
	}
}

func TestRealSamples(t *testing.T) {
	testdata.Path(t, "atna")
	if n := len(samples(t)) - 1; n != 20 {
		t.Errorf("%d samples, want 20", n)
	}
}

func TestDecode(t *testing.T) {
	var m Message
	if err := Decode(read(t, "testdata/export.xml"), &m); err != nil {
		t.Fatal(err)
	}
	if got := m.Event.OutcomeDescription; got != "two of three <media> failed & were left" {
		t.Errorf("outcome %q", got)
	}
	if len(m.Participants) != 2 || m.Participants[1].UserID != "disc <1>" || m.Participants[1].Media.Value != "110030" || !m.Participants[1].HasRole("110154") {
		t.Errorf("participants %+v", m.Participants)
	}
	if m.Objects[0].IsPatient() || !m.Objects[1].IsPatient() || m.Objects[1].ID != "P1^^^A&1.2&ISO" {
		t.Errorf("objects %+v", m.Objects)
	}
	if c := m.Objects[0].Description.Classes; len(c) != 2 || c[1].Number != "40" || len(c[0].Instances) != 2 {
		t.Errorf("classes %+v", c)
	}
}

func TestPartsOfTheDescriptionBesideIt(t *testing.T) {
	var m Message
	err := Decode(`<AuditMessage><ParticipantObjectIdentification ParticipantObjectID="1"><MPPS UID="2"/><SOPClass UID="3" NumberOfInstances="4"/></ParticipantObjectIdentification></AuditMessage>`, &m)
	if err != nil || m.Objects[0].Description.MPPS[0] != "2" || m.Objects[0].Description.Classes[0].Number != "4" {
		t.Errorf("%v %+v", err, m.Objects)
	}
}

func TestNotUTF8(t *testing.T) {
	body := "<AuditMessage><ActiveParticipant UserID=\"J\xfcrgen\"/></AuditMessage>"
	for head, want := range map[string]string{"": "J\ufffdrgen", `<?xml version="1.0" encoding="ISO-8859-1"?>`: "Jürgen"} {
		var m Message
		if err := Decode(head+body, &m); err != nil || !m.Repaired || m.Participants[0].UserID != want {
			t.Errorf("%v %+v", err, m)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "no AuditMessage",
		"hello":                   "text outside",
		"<Other/>":                "not an AuditMessage",
		"<AuditMessage>":          "ends inside of <AuditMessage>",
		"<AuditMessage/><b/>":     "not an AuditMessage",
		"<AuditMessage/>x":        "text outside",
		"<AuditMessage></Audit>":  "where </AuditMessage> belongs",
		"</AuditMessage>":         "without begin",
		"<AuditMessage a>":        "without value",
		"<AuditMessage a=b>":      "no quotes",
		`<AuditMessage a="b>`:     "no end",
		`<AuditMessage a b="c"/>`: "without value",
		`<AuditMessage / >`:       "/ inside",
		`<AuditMessage><!-- x`:    "comment without end",
		`<AuditMessage><![CDATA[`: "CDATA section without end",
		`<!DOCTYPE AuditMessage [<!ENTITY a "b">]><AuditMessage/>`:                             "refused",
		`<AuditMessage><EventOutcomeDescription>&a;</EventOutcomeDescription></AuditMessage>`:  "&a; is not known",
		`<AuditMessage><EventOutcomeDescription>&#0;</EventOutcomeDescription></AuditMessage>`: "&#0; is not known",
		`<AuditMessage><ActiveParticipant UserID="a&b"/></AuditMessage>`:                       "entity without end",
		"<AuditMessage>" + strings.Repeat("<a>", 40):                                           "deeper than 32",
		"<AuditMessage>" + strings.Repeat("<a/>", 500_001):                                     "500000 elements",
		strings.Repeat(" ", MaxBytes+1):                                                        "bytes",
	} {
		var m Message
		if err := Decode(text, &m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}

func TestTruncated(t *testing.T) {
	text := strings.TrimSpace(read(t, "testdata/export.xml"))
	var m Message
	for n := range text {
		if err := Decode(text[:n], &m); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	text := strings.NewReplacer("&amp;", "+", "&lt;", "", "&gt;", "", "&apos;", "", "&#38;", "", "&#x6C;", "", "<![CDATA[", "", "]]>", "", "<media>", "").Replace(read(t, "testdata/export.xml"))
	text = text[:strings.Index(text, "of the study")] + text[strings.Index(text, "<MPPS"):]
	var m Message
	if n := testing.AllocsPerRun(100, func() { _ = Decode(text, &m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, text := range samples(b) {
		if name != "atna-record-1.xml" && name != "pixm.xml" && name != "start.xml" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			var m Message
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_ = Decode(text, &m)
			}
		})
	}
}

// Whatever encoding/xml can read as an audit message, the scanner reads with the same content, or it says why not.
func FuzzDecode(f *testing.F) {
	for _, text := range samples(f) {
		f.Add(text)
	}
	f.Add(`<AuditMessage a='1'><x:ActiveParticipant UserID="&#x41;"/></AuditMessage>`)
	f.Fuzz(func(t *testing.T, text string) {
		var m, again Message
		if Decode(text, &m) != nil {
			return
		}
		if err := Decode(text, &again); err != nil {
			t.Error(err)
		}
		if len(m.Participants) != len(again.Participants) || len(m.Objects) != len(again.Objects) || m.Event.Time != again.Event.Time {
			t.Errorf("%+v is not %+v", m, again)
		}
	})
}
