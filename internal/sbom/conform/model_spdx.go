package conform

// spdxModel is the SPDX 2.1 to 2.3 JSON model in the notation of model.go, written from the specification
// (https://spdx.github.io/spdx-spec/v2.3/).
const spdxModel = `
document
 $schema str
 spdxVersion! str
 dataLicense! enum:dataLicense
 SPDXID! documentID
 name! str
 documentNamespace! namespace
 creationInfo! creationInfo
 externalDocumentRefs externalDocument[]
 comment str
 documentDescribes elementRef[]
 packages package[]
 files file[]
 snippets any[]
 relationships relationship[]
 hasExtractedLicensingInfos extractedLicence[]
 annotations annotation[]
 revieweds any[]
creationInfo
 created! stamp
 creators! creator[]
 licenseListVersion str
 comment str
externalDocument
 externalDocumentId! str
 spdxDocument! uri
 checksum! checksum
checksum
 algorithm! enum:checksumAlgorithm
 checksumValue! hex
package
 SPDXID! spdxID
 name! str
 versionInfo str
 packageFileName str
 supplier agent
 originator agent
 downloadLocation! str
 filesAnalyzed bool
 packageVerificationCode verification
 checksums checksum[]
 homepage str
 sourceInfo str
 licenseConcluded!<3 str
 licenseInfoFromFiles str[]
 licenseDeclared!<3 str
 licenseComments str
 copyrightText!<3 str
 summary str
 description str
 comment str
 externalRefs externalRef[]
 attributionTexts str[]
 annotations annotation[]
 hasFiles elementRef[]
 primaryPackagePurpose enum:purpose +3
 releaseDate stamp +3
 builtDate stamp +3
 validUntilDate stamp +3
verification
 packageVerificationCodeValue! str
 packageVerificationCodeExcludedFiles str[]
externalRef
 referenceCategory! enum:referenceCategory
 referenceType! str
 referenceLocator! str
 comment str
file
 SPDXID! spdxID
 fileName! str
 fileTypes enum:fileType[]
 checksums! checksum[]
 licenseConcluded!<3 str
 licenseInfoInFiles!<3 str[]
 licenseComments str
 copyrightText!<3 str
 comment str
 noticeText str
 fileContributors str[]
 attributionTexts str[]
 fileDependencies str[]
 artifactOfs any[]
 annotations annotation[]
relationship
 spdxElementId! elementRef
 relatedSpdxElement! elementRef
 relationshipType! enum:relationship
 comment str
extractedLicence
 licenseId! str
 extractedText! str
 name str
 crossRefs any[]
 seeAlsos str[]
 comment str
annotation
 annotator! str
 annotationDate! stamp
 annotationType! enum:annotationType
 comment! str
`

const spdxEnums = `
dataLicense CC0-1.0
checksumAlgorithm SHA1 SHA224 SHA256 SHA384 SHA512 MD2 MD4 MD5 MD6 SHA3-256+3 SHA3-384+3 SHA3-512+3 BLAKE2b-256+3 BLAKE2b-384+3 BLAKE2b-512+3 BLAKE3+3 ADLER32+3
purpose APPLICATION FRAMEWORK LIBRARY CONTAINER OPERATING-SYSTEM OPERATING_SYSTEM DEVICE FIRMWARE SOURCE ARCHIVE FILE INSTALL OTHER
referenceCategory SECURITY PACKAGE-MANAGER PACKAGE_MANAGER PERSISTENT-ID PERSISTENT_ID OTHER
fileType SOURCE BINARY ARCHIVE APPLICATION AUDIO IMAGE TEXT VIDEO DOCUMENTATION SPDX OTHER
annotationType REVIEW OTHER
relationship DESCRIBES DESCRIBED_BY CONTAINS CONTAINED_BY DEPENDS_ON DEPENDENCY_OF DEPENDENCY_MANIFEST_OF BUILD_DEPENDENCY_OF DEV_DEPENDENCY_OF OPTIONAL_DEPENDENCY_OF PROVIDED_DEPENDENCY_OF TEST_DEPENDENCY_OF RUNTIME_DEPENDENCY_OF EXAMPLE_OF GENERATES GENERATED_FROM ANCESTOR_OF DESCENDANT_OF VARIANT_OF DISTRIBUTION_ARTIFACT PATCH_FOR PATCH_APPLIED COPY_OF FILE_ADDED FILE_DELETED FILE_MODIFIED EXPANDED_FROM_ARCHIVE DYNAMIC_LINK STATIC_LINK DATA_FILE_OF TEST_CASE_OF BUILD_TOOL_OF DEV_TOOL_OF TEST_OF TEST_TOOL_OF DOCUMENTATION_OF OPTIONAL_COMPONENT_OF METAFILE_OF PACKAGE_OF AMENDS PREREQUISITE_FOR HAS_PREREQUISITE REQUIREMENT_DESCRIPTION_FOR+3 SPECIFICATION_FOR+3 OTHER
`
