import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * What dossiers have in common, so that it need not stand in each sealed version: names as the norm spells them, in the order in
 * which they come. Never edited: what was packed with it is unpacked with it. Another dictionary gets another mark.
 */
const dictionary = Buffer.from(
  '"prenom":"departementNaissance":"communeNaissance":"nir":"regimeSocial":"handicap":false"situationAvantContrat":"diplome":' +
    '"derniereClasse":"diplomePrepare":"intituleDiplomePrepare":"inscriptionSportifDeHautNiveau":"projetCreationRepriseEntreprise":' +
    '"responsableLegal":"droitsRqthExtensionBOE":"droitsRqthEquivalenceJeune":"emploiOccupe":"intituleDiplomeObtenu":' +
    '"niveauDiplomeObtenu":"nombreHeuresEnDistanciel":"dateObtentionDiplome":null"numeroContratPrecedent":null"noContrat":"noAvenant":' +
    '"dateConclusion":"202"dateDebutContrat":"202"dateFormationPratiqueEmployeur":"202"dateFinContrat":"202"dateEffetAvenant":null' +
    '"dateRupture":null"lieuSignatureContrat":"typeDerogation":null"dureeTravailHebdoHeures":35,"dureeTravailHebdoMinutes":0,' +
    '"travailRisque":false,"salaireEmbauche":"avantageNourriture":"avantageLogement":"autreAvantageEnNature":false,' +
    '"remunerationsAnnuelles":[{"dateDebut":"202"dateFin":"202"taux":"typeSalaire":"SMIC","ordre":"1.1"},{"dateDebut":' +
    '"organismeFormation":{"denomination":"formationInterne":false,"siret":"uaiCfa":"visaCfa":"lieuFormationIdentique":true' +
    '"commentaireEtat":"versionCERFA":"10103*14","CERFASignatureProbante":true,"engagementsFraisAnnexe":[{"natureFrais":' +
    '"Restauration","quantite":"prixUnitaire":3,"montantTotal":{"natureFrais":"Hebergement","quantite":"prixUnitaire":6,' +
    '"detailsFacturation":{"fraisPremierEquipementRegles":false,"fraisMobiliteRegles":false,"plafondFraisPremierEquipement":500,' +
    '"plafondFraisMobilite":0,"periodesFraisAnnexes":[{"numeroEcheance":2,"nature":"RESTAURATION"},{"numeroEcheance":' +
    '{"comment":null,"engagement":"cerfa":{"numeroInterne":"numeroExterne":"numeroDeca":"etat":"EN_COURS_INSTRUCTION""TRANSMIS"' +
    '"ANNULE""REFUSE""RUPTURE""SOLDE""ENGAGE","employeur":{"denomination":"siret":"naf":"nombreDeSalaries":"codeIdcc":"libelleIdcc":' +
    '"telephone":"0"courriel":"adresse":{"adresse1":"adresse2":null,"codePostal":"commune":"nom":"typeEmployeur":16,' +
    '"employeurSpecifique":0,"caisseComplementaire":"regimeSpecifique":false,"attestationEligibilite":true,"attestationPieces":true' +
    '},"apprenti":{"nom":"nomUsage":null,"prenom":"sexe":"M","nationalite":1,"dateNaissance":"200"},"maitre1":{"nom":"prenom":' +
    '"dateNaissance":"19"courriel":"},"formation":{"rncp":"RNCP"codeDiplome":"typeDiplome":"intituleQualification":' +
    '"dateDebutFormation":"202"dateFinFormation":"202"dureeFormation":"},"contrat":{"modeContractuel":1,"typeContratApp":11,' +
    '"echeances":[{"numero":1,"codification":"1","dateOuverture":"2026-0"dateDebut":"2026-0"dateFin":"2027-0"montantTotal":' +
    '"dontMontantPedagogie":"dontMajorationRqth":0,"montantRegle":0,"montantEnCoursInstruction":0,"siretCfa":"},{"numero":2,',
);
const mark = 1;

/** A dossier as the bytes that are sealed: JSON, compressed with what all dossiers share. Compressed before it is sealed: ciphertext does not shrink. */
export function pack(dossier: unknown): Buffer {
  const packed = deflateRawSync(Buffer.from(JSON.stringify(dossier)), { dictionary, level: 9 });
  return Buffer.concat([Buffer.of(mark), packed]);
}

/** What `pack` made, or plain JSON as the release before sealed it. */
export function unpack(bytes: Buffer): unknown {
  const json = bytes[0] === mark ? inflateRawSync(bytes.subarray(1), { dictionary }) : bytes;
  return JSON.parse(json.toString('utf8')) as unknown;
}
