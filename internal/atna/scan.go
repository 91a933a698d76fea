package atna

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of one message.
const (
	MaxBytes    = 16 << 20
	maxDepth    = 32
	maxElements = 500_000
)

// Decode reads one message into m, whose lists are used again. On an error m holds what came before it.
func Decode(text string, m *Message) error {
	m.reset()
	if len(text) > MaxBytes {
		return fmt.Errorf("the message has %d bytes, more than the %d allowed", len(text), MaxBytes)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) {
		text, m.Repaired = repair(text), true
	}
	s := scanner{text: text, m: m, returns: strings.IndexByte(text, '\r') >= 0, entity: -1}
	return s.run()
}

// element is what the schema knows an element as.
type element uint8

const (
	other element = iota
	root
	eventIdentification
	eventID
	eventType
	outcomeDescription
	participant
	roleID
	media
	source
	sourceType
	object
	objectIDType
	objectName
	objectQuery
	objectDetail
	objectDescription
	mpps
	accession
	sopClass
	instance
	study
	encrypted
	anonymized
)

func elementOf(name string) element {
	switch name {
	case "AuditMessage", "IHEYr4":
		return root
	case "EventIdentification":
		return eventIdentification
	case "EventID":
		return eventID
	case "EventTypeCode":
		return eventType
	case "EventOutcomeDescription":
		return outcomeDescription
	case "ActiveParticipant":
		return participant
	case "RoleIDCode":
		return roleID
	case "MediaType":
		return media
	case "AuditSourceIdentification":
		return source
	case "AuditSourceTypeCode":
		return sourceType
	case "ParticipantObjectIdentification":
		return object
	case "ParticipantObjectIDTypeCode":
		return objectIDType
	case "ParticipantObjectName":
		return objectName
	case "ParticipantObjectQuery":
		return objectQuery
	case "ParticipantObjectDetail":
		return objectDetail
	case "ParticipantObjectDescription":
		return objectDescription
	case "MPPS":
		return mpps
	case "Accession":
		return accession
	case "SOPClass":
		return sopClass
	case "Instance":
		return instance
	case "StudyIDs":
		return study
	case "Encrypted":
		return encrypted
	case "Anonymized":
		return anonymized
	}
	return other
}

// scanner walks over one document. The part that the elements below belong to is the last of its list in m, and is nil
// outside of one.
type scanner struct {
	text     string
	at       int
	m        *Message
	depth    int
	elements int
	rooted   bool
	returns  bool // the text has carriage returns
	entity   int  // the place of an "&" that is not before at, or the end of the text
	open     [maxDepth]opened

	participant *Participant
	source      *Source
	object      *Object
}

type opened struct {
	name  string // as written, with its prefix
	kind  element
	start *string // where the text of the element goes; nil: nowhere
}

func (s *scanner) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", s.at, fmt.Sprintf(format, args...))
}

func (s *scanner) run() error {
	for {
		i := strings.IndexByte(s.text[s.at:], '<')
		if i < 0 {
			if s.depth > 0 {
				s.at = len(s.text)
				return s.fail("the message ends inside of <%s>", s.open[s.depth-1].name)
			}
			if strings.TrimSpace(s.text[s.at:]) != "" {
				return s.fail("there is text outside of the message")
			}
			if !s.rooted {
				return s.fail("there is no AuditMessage")
			}
			return nil
		}
		if i > 0 {
			if err := s.characters(s.at, s.at+i); err != nil {
				return err
			}
		}
		s.at += i
		if err := s.tag(); err != nil {
			return err
		}
	}
}

// characters takes the text up to the next tag.
func (s *scanner) characters(from, to int) error {
	if s.depth == 0 {
		if strings.TrimSpace(s.text[from:to]) != "" {
			return s.fail("there is text outside of the message")
		}
		return nil
	}
	if into := s.open[s.depth-1].start; into != nil {
		v, err := s.plain(from, to)
		if err != nil {
			return err
		}
		join(into, v)
	}
	return nil
}

func join(into *string, v string) {
	switch {
	case *into != "":
		*into += v
	case strings.TrimSpace(v) != "": // the space between the elements of a description is none of its text
		*into = v
	}
}

// tag reads what begins with "<" at s.at.
func (s *scanner) tag() error {
	rest := s.text[s.at:]
	if len(rest) < 3 {
		return s.fail("a tag without end")
	}
	switch rest[1] {
	case '/':
		return s.end(rest)
	case '?':
		return s.skip(rest, "?>")
	case '!':
		switch {
		case strings.HasPrefix(rest, "<!--"):
			i := strings.Index(rest[4:], "-->")
			if i < 0 {
				return s.fail("a comment without end")
			}
			s.at += i + 7
			return nil
		case strings.HasPrefix(rest, "<![CDATA["):
			i := strings.Index(rest, "]]>")
			if i < 0 {
				return s.fail("a CDATA section without end")
			}
			if s.depth == 0 {
				return s.fail("there is text outside of the message")
			}
			if into := s.open[s.depth-1].start; into != nil {
				join(into, s.lineFeeds(rest[len("<![CDATA["):i]))
			}
			s.at += i + 3
			return nil
		}
		return s.fail("a document type or a declaration, which is refused")
	}
	return s.begin(rest)
}

func (s *scanner) skip(rest, until string) error {
	i := strings.Index(rest, until)
	if i < 0 {
		return s.fail("<%c without end", rest[1])
	}
	s.at += i + len(until)
	return nil
}

// end reads "</name>".
func (s *scanner) end(rest string) error {
	i := strings.IndexByte(rest, '>')
	if i < 0 {
		return s.fail("a tag without end")
	}
	name := rest[2:i]
	if s.depth == 0 {
		return s.fail("</%s> without begin", clip(name))
	}
	if o := &s.open[s.depth-1]; name != o.name && strings.TrimRight(name, " \t\r\n") != o.name {
		return s.fail("</%s> where </%s> belongs", clip(name), clip(o.name))
	}
	s.at += i + 1
	s.close()
	return nil
}

func (s *scanner) close() {
	s.depth--
	o := &s.open[s.depth]
	if o.start != nil {
		*o.start = strings.TrimSpace(*o.start)
	}
	switch o.kind {
	case participant:
		s.participant = nil
	case source:
		s.source = nil
	case object:
		s.object = nil
	}
}

// begin reads "<name attribute="value" …>" or "<… />".
func (s *scanner) begin(rest string) error {
	i := 1
	for i < len(rest) && !space(rest[i]) && rest[i] != '>' && rest[i] != '/' {
		i++
	}
	name := rest[1:i]
	if name == "" || strings.IndexByte(name, '<') >= 0 {
		return s.fail("a tag without name")
	}
	kind := elementOf(name)
	if kind == other {
		kind = elementOf(local(name))
	}
	if s.depth == 0 {
		if s.rooted || kind != root {
			return s.fail("<%s> is not an AuditMessage", clip(name))
		}
		s.rooted = true
	}
	if s.elements++; s.elements > maxElements {
		return s.fail("more than the %d elements allowed", maxElements)
	}
	if s.depth == maxDepth {
		return s.fail("nested deeper than %d levels", maxDepth)
	}
	var p place
	s.place(kind, &p)
	s.open[s.depth] = opened{name, kind, p.text}
	s.depth++
	s.at += i
	return s.attributes(&p)
}

// attributes reads up to the end of the tag.
func (s *scanner) attributes(p *place) error {
	t := s.text
	for i := s.at; ; {
		for i < len(t) && space(t[i]) {
			i++
		}
		s.at = i
		switch {
		case i >= len(t):
			return s.fail("a tag without end")
		case t[i] == '>':
			s.at++
			return nil
		case t[i] == '/':
			if i+1 >= len(t) || t[i+1] != '>' {
				return s.fail("/ inside of a tag")
			}
			s.at += 2
			s.close()
			return nil
		}
		n := strings.IndexByte(t[i:], '=')
		if n < 1 {
			return s.fail("an attribute without value")
		}
		name := t[i : i+n]
		i += n + 1
		if space(name[n-1]) || i < len(t) && space(t[i]) {
			name = strings.TrimRight(name, " \t\r\n")
			for i < len(t) && space(t[i]) {
				i++
			}
		}
		if i >= len(t) || t[i] != '"' && t[i] != '\'' {
			return s.fail("the value of an attribute has no quotes")
		}
		n = strings.IndexByte(t[i+1:], t[i])
		if n < 0 {
			return s.fail("the value of an attribute has no end")
		}
		into := p.attribute(name)
		if into == nil && strings.IndexByte(name, ':') >= 0 {
			into = p.attribute(local(name))
		}
		switch {
		case into != nil:
			v, err := s.plain(i+1, i+1+n)
			if err != nil {
				return err
			}
			*into = v
		case strings.ContainsAny(name, "<>\"'/ \t\r\n"):
			return s.fail("an attribute without value")
		}
		i += n + 2
	}
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// local is a name without its namespace prefix.
func local(name string) string {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
