package decode

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/eventlog"
	"triward/internal/testdata"
)

// 2026-03-02T10:00:00Z
const received = 1_772_445_600_000_000

func input(payload string) Input {
	return Input{ID: eventlog.Derive("src_test", "batch").At(1), Source: "src_test", Received: received, Payload: []byte(payload), Zone: time.UTC}
}

// check is what holds of every event, whatever it was made of.
func check(t testing.TB, e *eventlog.Event, payload []byte) {
	t.Helper()
	if err := e.Validate(); err != nil {
		t.Errorf("%.200s: %v", payload, err)
	}
	if !bytes.Contains(payload, e.Raw) {
		t.Errorf("%.200s: the original is not kept", payload)
	}
	if e.Format == "raw" && e.Fault == "" {
		t.Errorf("%.200s: raw without a reason", payload)
	}
}

// Every line of the Zeek logs becomes one event with its time and no fault. loaded_scripts has no times.
func TestZeekLogsDecodeWhole(t *testing.T) {
	d := New([]byte("salt"))
	logs, lines := 0, 0
	testdata.Tar(t, "events/zeek-json.tar.zst", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".gz") {
			return
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		body, err = io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		logs++
		log, _, _ := strings.Cut(filepath.Base(name), ".")
		undated := 0
		for line := range bytes.Lines(body) {
			lines++
			in := input("")
			in.Payload = bytes.TrimRight(line, "\n")
			got := d.Append(nil, in)
			if len(got) != 1 {
				t.Fatalf("%s: %d events", line, len(got))
			}
			e := &got[0]
			check(t, e, line)
			if e.Format != "zeek" || e.Fault != "" || e.Service != log || e.Product != "zeek" {
				t.Fatalf("%s: %+v", line, e)
			}
			if e.Time == 0 {
				undated++
			}
			if bytes.Contains(line, []byte(`"id.orig_h"`)) && (e.SrcIP == "" || e.DstIP == "") {
				t.Fatalf("%s: no addresses", line)
			}
		}
		if undated > 0 && log != "loaded_scripts" {
			t.Errorf("%s: %d events without time", log, undated)
		}
	})
	if logs != 32 || lines != 158_439 {
		t.Errorf("%d logs with %d lines", logs, lines)
	}
}

func TestWindowsEventsDecodeWhole(t *testing.T) {
	body := testdata.Zst(t, "events/windows-otrf.jsonl.zst")
	d := New(nil)
	lines, dated, hosts := 0, 0, 0
	categories := map[string]int{}
	var events []eventlog.Event
	for line := range bytes.Lines(body) {
		lines++
		in := input("")
		in.Payload, in.Zone = bytes.TrimRight(line, "\n"), nil
		events = d.Append(events[:0], in)
		e := &events[0]
		check(t, e, line)
		if e.Format != "windows" || e.Fault != "" {
			t.Fatalf("%s: %s %s", line, e.Format, e.Fault)
		}
		if e.Time != 0 {
			dated++
		}
		if e.Host != "" {
			hosts++
		}
		categories[e.Category]++
	}
	if lines != 74_868 || dated != lines || hosts != lines {
		t.Errorf("%d lines, %d with time, %d with host", lines, dated, hosts)
	}
	t.Log(categories)
}

// The 20 audit messages arrive inside RFC 5424, as DICOM PS3.15 A.7 sends them.
func TestAuditMessagesInSyslog(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "atna"), "*.xml"))
	if err != nil || len(files) != 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	d := New([]byte("salt"))
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		payload := "<85>1 2026-03-01T09:00:00.000Z pacs.example.org emitter 77 IHE+RFC-3881 - \ufeff" + string(body)
		got := d.Append(nil, input(payload))[0]
		check(t, &got, []byte(payload))
		if got.Format != "atna" || got.Fault != "" || got.Category != "audit" || got.Host != "pacs.example.org" || got.Field("audit.event") == "" || got.Time == 0 || got.Outcome == 0 {
			t.Errorf("%s: %+v", f, got)
		}
		direct := d.Append(nil, input(string(body)))[0]
		if direct.Format != "atna" || direct.Message != got.Message || direct.Time != got.Time || direct.User != got.User {
			t.Errorf("%s: %+v", f, direct)
		}
		for _, id := range []string{"ptid12345", "IHERED-2340", "MW-10001", "John Doe"} {
			for _, v := range append(got.Fields, eventlog.Field{Name: "user", Value: got.User}, eventlog.Field{Name: "message", Value: got.Message}) {
				if strings.Contains(v.Value, id) {
					t.Errorf("%s: %s names a patient: %s", filepath.Base(f), v.Name, v.Value)
				}
			}
		}
	}
}

func TestInstancesTransferred(t *testing.T) {
	body, err := os.ReadFile(filepath.Join(testdata.Path(t, "atna"), "atna-record-1.xml"))
	if err != nil {
		t.Fatal(err)
	}
	d := New([]byte("salt"))
	got := d.Append(nil, input(string(body)))[0]
	want := []eventlog.Field{{Name: "ae.called", Value: "AEPACS"}, {Name: "ae.calling", Value: "AEFOO"}, {Name: "audit.action", Value: "C"},
		{Name: "audit.event", Value: "110104"}, {Name: "audit.outcome", Value: "0"}, {Name: "audit.site", Value: "Hospital"}, {Name: "audit.source", Value: "ReadingRoom"},
		{Name: "audit.source_type", Value: "1"}, {Name: "n_instances", Value: "1503"}, {Name: "n_objects", Value: "2"},
		{Name: "object.id", Value: "1.2.840.10008.2.3.4.5.6.7.78.8"}, {Name: "object.id_type", Value: "110180"}, {Name: "object.lifecycle", Value: "1"},
		{Name: "object.role", Value: "3"}, {Name: "object.type", Value: "2"}, {Name: "patient_hash", Value: d.patient("ptid12345")},
		{Name: "sop_class", Value: "1.2.840.10008.5.1.4.1.1.2"}, {Name: "sop_class.2", Value: "1.2.840.10008.5.1.4.1.1.11.1"},
		{Name: "study.uid", Value: "1.2.840.10008.2.3.4.5.6.7.78.8"}, {Name: "time.hour", Value: "9"}, {Name: "time.weekday", Value: "1"},
		{Name: "user.alt", Value: "smith@nema"}, {Name: "user.name", Value: "Dr. Smith"}, {Name: "user.requestor", Value: "true"}, {Name: "user.role", Value: "110153"}}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Error(diff)
	}
	if got.SrcIP != "192.168.1.2" || got.DstIP != "192.168.1.5" || got.User != "smitty@readingroom.hospital.org" || got.Class != classDatastore || got.Activity != 6 {
		t.Errorf("%+v", got)
	}
}

// The events of SigmaHQ's regression pairs, as a converter of EVTX files writes them, belong to the log source that their
// rule asks for.
func TestConvertedEvents(t *testing.T) {
	d := New(nil)
	n := 0
	testdata.Tar(t, "sigma/regression-pairs.tar.zst", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		n++
		folder := filepath.Base(filepath.Dir(name))
		for _, e := range d.Append(nil, input(string(body))) {
			check(t, &e, body)
			if e.Format != "windows" || e.Fault != "" || e.Time == 0 || e.Host == "" || e.Product != "windows" || e.Service == "" {
				t.Errorf("%s: %+v", name, e)
			}
			for prefix, category := range map[string]string{"proc_creation_": "process_creation", "image_load_": "image_load", "pipe_created_": "pipe_created",
				"file_event_": "file_event", "registry_set_": "registry_event", "dns_query_": "dns_query", "posh_ps_": "ps_script", "proc_access_": "process_access"} {
				if strings.HasPrefix(folder, prefix) && e.Category != category {
					t.Errorf("%s: category %q", name, e.Category)
				}
			}
		}
	})
	if n != 101 {
		t.Errorf("%d files", n)
	}
}
