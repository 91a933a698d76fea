package atna

// place is where the attributes and the text of an open element go.
type place struct {
	kind   element
	code   *Code
	event  *Event
	part   *Participant
	source *Source
	object *Object
	class  *Class
	detail *Detail
	value  *string // the only attribute that counts, under the name of the element
	text   *string
}

// place makes room for an element and says in p where its parts go. An element outside of where the schema has it goes
// nowhere.
func (s *scanner) place(kind element, p *place) {
	p.kind = kind
	switch kind {
	case eventIdentification:
		p.event = &s.m.Event
	case eventID:
		p.code = &s.m.Event.ID
	case eventType:
		s.m.Event.Types = append(s.m.Event.Types, Code{})
		p.code = &s.m.Event.Types[len(s.m.Event.Types)-1]
	case outcomeDescription:
		p.text = &s.m.Event.OutcomeDescription
	case participant:
		s.participant = s.m.participant()
		p.part = s.participant
	case roleID, media:
		s.ofParticipant(kind, p)
	case source:
		s.source = s.m.source()
		p.source = s.source
	case sourceType:
		if s.source != nil {
			s.source.Types = append(s.source.Types, Code{})
			p.code = &s.source.Types[len(s.source.Types)-1]
			p.text = &p.code.Value // a later schema writes the code as text
		}
	case object:
		s.object = s.m.object()
		p.object = s.object
	default:
		if s.object != nil {
			s.ofObject(kind, p)
		}
	}
}

func (s *scanner) ofParticipant(kind element, p *place) {
	switch {
	case s.participant == nil:
	case kind == media:
		p.code = &s.participant.Media
	default:
		s.participant.Roles = append(s.participant.Roles, Code{})
		p.code = &s.participant.Roles[len(s.participant.Roles)-1]
	}
}

// ofObject places what stands inside of an object. Since 2011 the parts of the description stand beside it; both are read.
func (s *scanner) ofObject(kind element, p *place) {
	o, d := s.object, &s.object.Description
	switch kind {
	case objectIDType:
		p.code = &o.IDType
	case objectName:
		p.text = &o.Name
	case objectQuery:
		p.text = &o.Query
	case objectDetail:
		o.Details = append(o.Details, Detail{})
		p.detail = &o.Details[len(o.Details)-1]
	case objectDescription:
		p.text = &d.Text
	case mpps:
		p.value = add(&d.MPPS)
	case accession:
		p.value = add(&d.Accessions)
	case study:
		p.value = add(&d.Studies)
	case sopClass:
		p.class = d.class()
	case instance:
		if n := len(d.Classes); n > 0 {
			p.value = add(&d.Classes[n-1].Instances)
		}
	case encrypted:
		p.text = &d.Encrypted
	case anonymized:
		p.text = &d.Anonymized
	}
}

func add(list *[]string) *string {
	*list = append(*list, "")
	return &(*list)[len(*list)-1]
}

// attribute is where the value of an attribute goes; nil: nowhere.
func (p *place) attribute(name string) *string {
	switch {
	case p.code != nil:
		switch name {
		case "csd-code", "code":
			return &p.code.Value
		case "codeSystemName", "codeSystem":
			return &p.code.System
		case "originalText", "displayName":
			return &p.code.Text
		}
	case p.part != nil:
		return p.part.attribute(name)
	case p.object != nil:
		return p.object.attribute(name)
	case p.event != nil:
		switch name {
		case "EventActionCode":
			return &p.event.Action
		case "EventDateTime":
			return &p.event.Time
		case "EventOutcomeIndicator":
			return &p.event.Outcome
		}
	case p.source != nil:
		switch name {
		case "AuditSourceID":
			return &p.source.ID
		case "AuditEnterpriseSiteID":
			return &p.source.Site
		case "code", "csd-code": // DICOM since 2010 allows the type as an attribute
			if len(p.source.Types) == 0 {
				p.source.Types = append(p.source.Types, Code{})
			}
			return &p.source.Types[0].Value
		}
	case p.class != nil:
		switch name {
		case "UID":
			return &p.class.UID
		case "NumberOfInstances":
			return &p.class.Number
		}
	case p.detail != nil:
		switch name {
		case "type":
			return &p.detail.Type
		case "value":
			return &p.detail.Value
		}
	case p.value != nil && (name == "UID" || name == "Number" && p.kind == accession):
		return p.value
	}
	return nil
}

func (p *Participant) attribute(name string) *string {
	switch name {
	case "UserID":
		return &p.UserID
	case "AlternativeUserID":
		return &p.AlternativeUserID
	case "UserName":
		return &p.UserName
	case "UserIsRequestor":
		return &p.Requestor
	case "UserTypeCode":
		return &p.UserType
	case "NetworkAccessPointID":
		return &p.NetworkAccessPoint
	case "NetworkAccessPointTypeCode":
		return &p.NetworkAccessType
	}
	return nil
}

func (o *Object) attribute(name string) *string {
	switch name {
	case "ParticipantObjectID":
		return &o.ID
	case "ParticipantObjectTypeCode":
		return &o.Type
	case "ParticipantObjectTypeCodeRole":
		return &o.Role
	case "ParticipantObjectDataLifeCycle":
		return &o.LifeCycle
	case "ParticipantObjectSensitivity":
		return &o.Sensitivity
	}
	return nil
}
