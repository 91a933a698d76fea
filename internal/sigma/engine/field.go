package engine

import "encoding/binary"

// containers are the paths under which Windows events are wrapped by those who ship them as JSON: the XML form turned
// into JSON (Event.…), winlogbeat and NXLog. The names of fields begin behind them.
var containers = []string{"Event.EventData.", "Event.System.", "Event.UserData.", "EventData.", "UserData.", "System.",
	"winlog.event_data.", "winlog.user_data.", "winlog."}

// userData are the containers that hold one more level, named after the provider's template, which is no part of the
// name.
var userData = []string{"Event.UserData.", "UserData."}

// otherNames are fields that shippers name in their own way. Sigma's name stands first.
var otherNames = [][]string{
	{"Provider_Name", "Event.System.Provider.#attributes.Name", "System.Provider.#attributes.Name", "winlog.provider_name", "SourceName"},
	{"EventID", "winlog.event_id", "Event.System.EventID.#text", "System.EventID.#text"},
	{"Channel", "winlog.channel"},
	{"Computer", "winlog.computer_name", "Hostname"},
	{"Image", "NewProcessName"}, // event 4688 of the security log, for rules on process creation
	{"ParentImage", "ParentProcessName"},
}

// A field's values come from one rank of names alone: what the caller normalised, then the name itself (top level or
// flattened with dots), then the name inside of a container or another name of it.
const (
	rankCaller uint8 = iota + 1
	rankOwn
	rankOther
)

// fields are the names that rules use; the path of a member leads to them.
type fields struct {
	names []string
	slots map[string]int32
	paths []path // open addressing
	mask  uint32
}

type path struct {
	text string
	slot int32
	rank uint8
}

func (f *fields) slot(name string) int32 {
	if s, ok := f.slots[name]; ok {
		return s
	}
	s := int32(len(f.names))
	if f.slots == nil {
		f.slots = map[string]int32{}
	}
	f.slots[name] = s
	f.names = append(f.names, name)
	return s
}

// seal builds the table of paths; after it no name is added.
func (f *fields) seal() {
	size := 1024
	for size < 4*len(f.names)*(len(containers)+1) {
		size *= 2
	}
	f.paths, f.mask = make([]path, size), uint32(size-1)
	for s, name := range f.names {
		f.add(path{name, int32(s), rankOwn})
	}
	for _, names := range otherNames {
		if s, ok := f.slots[names[0]]; ok {
			for _, n := range names[1:] {
				f.add(path{n, s, rankOther})
			}
		}
	}
	for s, name := range f.names {
		for _, c := range containers {
			f.add(path{c + name, int32(s), rankOther})
		}
	}
}

// add keeps the first meaning of a path.
func (f *fields) add(p path) {
	i := hashKey([]byte(p.text)) & f.mask
	for ; f.paths[i].text != ""; i = (i + 1) & f.mask {
		if f.paths[i].text == p.text {
			return
		}
	}
	f.paths[i] = p
}

// find is the meaning of a path; nil when no rule uses it.
func (f *fields) find(key []byte) *path {
	for i := hashKey(key) & f.mask; f.paths[i].text != ""; i = (i + 1) & f.mask {
		if f.paths[i].text == string(key) {
			return &f.paths[i]
		}
	}
	return nil
}

// hashKey mixes the length, the first and the last bytes of a name; names of one rule set differ there.
func hashKey(b []byte) uint32 {
	n := len(b)
	var h uint64
	switch {
	case n >= 8:
		h = binary.LittleEndian.Uint64(b) ^ binary.LittleEndian.Uint64(b[n-8:])*0x9e3779b97f4a7c15
	case n >= 4:
		h = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		h = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	h = (h ^ uint64(n)) * 0xff51afd7ed558ccd
	return uint32(h >> 32)
}

func isUserData(prefix []byte) bool {
	for _, c := range userData {
		if string(prefix) == c {
			return true
		}
	}
	return false
}
