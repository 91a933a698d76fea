package cvss

// Severity is the qualitative rating of a base score.
type Severity string

// The closed list of severities (CVSS 3.1 section 5, CVSS 4.0 section 6).
const (
	NoSeverity Severity = "none"
	Low        Severity = "low"
	Medium     Severity = "medium"
	High       Severity = "high"
	Critical   Severity = "critical"
)

// SeverityOf rates a base score. Version 2.0 names no ratings itself; NVD's are used: below 4.0 low, below 7.0 medium, else high.
func SeverityOf(v Version, base float64) Severity {
	switch {
	case v == V20 && base < 4:
		return Low
	case v == V20 && base >= 7:
		return High
	case base <= 0:
		return NoSeverity
	case base < 4:
		return Low
	case base < 7:
		return Medium
	case base < 9:
		return High
	}
	return Critical
}

// AttackVector is where the attacker must be.
type AttackVector string

// The closed list of attack vectors. Version 2.0 counts physical access as local.
const (
	Network  AttackVector = "network"
	Adjacent AttackVector = "adjacent"
	Local    AttackVector = "local"
	Physical AttackVector = "physical"
)

// Complexity is whether the attack works at will. Only version 2.0 has medium.
type Complexity string

// The closed list of complexities.
const (
	LowComplexity    Complexity = "low"
	MediumComplexity Complexity = "medium"
	HighComplexity   Complexity = "high"
)

// Requirements is whether the attack depends on how the target is deployed (CVSS 4.0 AT).
type Requirements string

// The closed list of requirements; "" for versions without the metric.
const (
	NoRequirements      Requirements = "none"
	PresentRequirements Requirements = "present"
)

// Privileges is what the attacker must already be allowed. Version 2.0's single and multiple authentication count as low and
// high.
type Privileges string

// The closed list of privileges.
const (
	NoPrivileges   Privileges = "none"
	LowPrivileges  Privileges = "low"
	HighPrivileges Privileges = "high"
)

// Interaction is what somebody else must do. Version 3's "required" does not tell passive from active.
type Interaction string

// The closed list of interactions; "" for version 2.0, which does not say.
const (
	NoInteraction       Interaction = "none"
	RequiredInteraction Interaction = "required"
	PassiveInteraction  Interaction = "passive"
	ActiveInteraction   Interaction = "active"
)

// Automatable is whether the attack can be run against many targets without a person (CVSS 4.0 AU).
type Automatable string

// The closed list; "" when the vector does not say.
const (
	AutomatableNo  Automatable = "no"
	AutomatableYes Automatable = "yes"
)

// Maturity is what is known of exploits (metric E); "" when the vector does not say, which the standards score as the worst.
type Maturity string

// The closed list of maturities. Version 4.0 has attacked, proof of concept and unreported; the older versions have high,
// functional, proof of concept and unproven, which is given as unreported.
const (
	Attacked       Maturity = "attacked"
	HighMaturity   Maturity = "high"
	Functional     Maturity = "functional"
	ProofOfConcept Maturity = "proof_of_concept"
	Unreported     Maturity = "unreported"
)

// Impact is how much of a property is lost. Version 2.0's partial and complete count as low and high.
type Impact string

// The closed list of impacts.
const (
	NoImpact   Impact = "none"
	LowImpact  Impact = "low"
	HighImpact Impact = "high"
)

// Scope is whether an attack reaches beyond the vulnerable component's authority (CVSS 3).
type Scope string

// The closed list of scopes; "" for versions without the metric.
const (
	Unchanged Scope = "unchanged"
	Changed   Scope = "changed"
)

// Safety is whether people can be hurt, as the vector says it (CVSS 4.0 S, or MSI:S and MSA:S).
type Safety string

// The closed list; "" when the vector does not say. Present means an injury of category marginal or worse (IEC 61508).
const (
	SafetyNegligible Safety = "negligible"
	SafetyPresent    Safety = "present"
)

// describe says in one vocabulary what the metrics of any version mean.
func (v *Vector) describe(r *reading) {
	v.Attack = attackOf(r.get("AV"))
	v.Complexity = complexityOf(r.get("AC"))
	v.Exploit = maturityOf(r.get("E"))
	v.Interaction = interactionOf(r.get("UI"))
	if v.Version == V20 {
		v.Privileges = privilegesOf(r.get("Au"))
	} else {
		v.Privileges = privilegesOf(r.get("PR"))
	}
	if v.Version != V40 {
		v.Confidentiality, v.Integrity, v.Availability = impactOf(r.get("C")), impactOf(r.get("I")), impactOf(r.get("A"))
		switch r.get("S") {
		case "U":
			v.Scope = Unchanged
		case "C":
			v.Scope = Changed
		}
		return
	}
	v.Confidentiality, v.Integrity, v.Availability = impactOf(r.get("VC")), impactOf(r.get("VI")), impactOf(r.get("VA"))
	v.Subsequent = worst(impactOf(r.get("SC")), impactOf(r.get("SI")), impactOf(r.get("SA")))
	v.Requirements = NoRequirements
	if r.get("AT") == "P" {
		v.Requirements = PresentRequirements
	}
	switch r.get("AU") {
	case "N":
		v.Automatable = AutomatableNo
	case "Y":
		v.Automatable = AutomatableYes
	}
	switch {
	case r.get("S") == "P" || r.get("MSI") == "S" || r.get("MSA") == "S":
		v.Safety = SafetyPresent
	case r.get("S") == "N":
		v.Safety = SafetyNegligible
	}
}

func attackOf(s string) AttackVector {
	switch s {
	case "N":
		return Network
	case "A":
		return Adjacent
	case "L":
		return Local
	}
	return Physical
}

func complexityOf(s string) Complexity {
	switch s {
	case "L":
		return LowComplexity
	case "M":
		return MediumComplexity
	}
	return HighComplexity
}

// privilegesOf reads PR, and version 2.0's Au (none, single, multiple).
func privilegesOf(s string) Privileges {
	switch s {
	case "N":
		return NoPrivileges
	case "L", "S":
		return LowPrivileges
	}
	return HighPrivileges
}

func interactionOf(s string) Interaction {
	switch s {
	case "N":
		return NoInteraction
	case "R":
		return RequiredInteraction
	case "P":
		return PassiveInteraction
	case "A":
		return ActiveInteraction
	}
	return ""
}

func maturityOf(s string) Maturity {
	switch s {
	case "A":
		return Attacked
	case "H":
		return HighMaturity
	case "F":
		return Functional
	case "P", "POC":
		return ProofOfConcept
	case "U":
		return Unreported
	}
	return ""
}

func impactOf(s string) Impact {
	switch s {
	case "N":
		return NoImpact
	case "L", "P":
		return LowImpact
	}
	return HighImpact
}

func worst(list ...Impact) Impact {
	w := NoImpact
	for _, i := range list {
		if i == HighImpact || w == NoImpact {
			w = i
		}
	}
	return w
}
