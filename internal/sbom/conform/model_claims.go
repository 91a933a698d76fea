package conform

// cdxModelClaims is the part of the CycloneDX model that says how a product was built (formulation) and what is claimed
// about it (declarations, definitions). It is judged in JSON only.
const cdxModelClaims = `
formula
 bom-ref ref
 components component[]u
 services service[]u
 workflows workflow[]u
 properties property[]
workflow
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 tasks task[]u
 taskDependencies dependency[]u
 taskTypes! enum:taskType[]
 trigger trigger
 steps step[]u
 inputs input[]u
 outputs output[]u
 timeStart time
 timeEnd time
 workspaces workspace[]u
 runtimeTopology dependency[]u
 properties property[]
task
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 taskTypes! enum:taskType[]
 trigger trigger
 steps step[]u
 inputs input[]u
 outputs output[]u
 timeStart time
 timeEnd time
 workspaces workspace[]u
 runtimeTopology dependency[]u
 properties property[]
step
 name str
 description str
 commands command[]
 properties property[]
command
 executed str
 properties property[]
workspace
 bom-ref! ref
 uid! str
 name str
 aliases str[]
 description str
 resourceReferences resource[]u
 accessMode enum:accessMode
 mountPath str
 managedDataType str
 volumeRequest str
 volume volume
 properties property[]
volume
 uid str
 name str
 mode enum:volumeMode
 path str
 sizeAllocated str
 persistent bool
 remote bool
 properties property[]
trigger
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 type! enum:triggerType
 event event
 conditions condition[]u
 timeActivated time
 inputs input[]u
 outputs output[]u
 properties property[]
event
 uid str
 description str
 timeReceived time
 data attachment
 source resource
 target resource
 properties property[]
input
 source resource
 target resource
 resource resource
 parameters parameter[]u
 environmentVars any[]u
 data attachment
 properties property[]
 ^ resource parameters environmentVars data
output
 type enum:outputKind
 source resource
 target resource
 resource resource
 data attachment
 environmentVars any[]u
 properties property[]
 ^ resource environmentVars data
resource
 ref link
 externalReference externalReference
 ^ ref externalReference
condition
 description str
 expression str
 properties property[]
parameter
 name str
 value str
 dataType str
declarations
 assessors assessor[]
 attestations attestation[]
 claims claim[]
 evidence declaredEvidence[]
 targets targets
 affirmation affirmation
 signature any
assessor
 bom-ref ref
 thirdParty bool
 organization entity
attestation
 summary str
 assessor link
 map attestationMap[]
 signature any
attestationMap
 requirement link
 claims link[]
 counterClaims link[]
 conformance conformance
 confidence confidence
conformance
 score fraction
 rationale str
 mitigationStrategies link[]
confidence
 score fraction
 rationale str
claim
 bom-ref ref
 target link
 predicate str
 mitigationStrategies link[]
 reasoning str
 evidence link[]
 counterEvidence link[]
 externalReferences externalReference[]
 signature any
declaredEvidence
 bom-ref ref
 propertyName str
 description str
 data declaredData[]
 created time
 expires time
 author contact
 reviewer contact
 signature any
declaredData
 name str
 contents dataContents
 classification str
 sensitiveData str[]
 governance governance
targets
 organizations entity[]
 components component[]
 services service[]
affirmation
 statement str
 signatories signatory[]
 signature any
signatory
 name str
 role str
 signature any
 organization entity
 externalReference externalReference
definitions
 standards standard[]
 patents any[] +7
standard
 bom-ref ref
 name str
 version str
 description str
 owner str
 requirements requirement[]
 levels level[]
 externalReferences externalReference[]
 signature any
requirement
 bom-ref ref
 identifier str
 title str
 text str
 descriptions str[]
 openCre str[]
 parent link
 properties property[]
 externalReferences externalReference[]
level
 bom-ref ref
 identifier str
 title str
 description str
 requirements link[]
`
