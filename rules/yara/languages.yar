/* Orders to the agent in other languages than English: no screen of a reviewer who reads English shows
 * them for what they are. */

rule languages_override_russian
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Russian)"
        description = "Text in Russian tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /((И|и)гнорируй|(З|з)абудь|(Н|н)е обращай внимания на|(П|п)ренебреги)(те)?\s[^.\n]{0,60}(предыдущ|прежн|все|системн)[^.\n]{0,30}(инструкци|указани|правил)/
        $a = /((\xd0\x98|\xd0\xb8)\xd0\xb3\xd0\xbd\xd0\xbe\xd1\x80\xd0\xb8\xd1\x80\xd1\x83\xd0\xb9|(\xd0\x97|\xd0\xb7)\xd0\xb0\xd0\xb1\xd1\x83\xd0\xb4\xd1\x8c|(\xd0\x9d|\xd0\xbd)\xd0\xb5 \xd0\xbe\xd0\xb1\xd1\x80\xd0\xb0\xd1\x89\xd0\xb0\xd0\xb9 \xd0\xb2\xd0\xbd\xd0\xb8\xd0\xbc\xd0\xb0\xd0\xbd\xd0\xb8\xd1\x8f \xd0\xbd\xd0\xb0|(\xd0\x9f|\xd0\xbf)\xd1\x80\xd0\xb5\xd0\xbd\xd0\xb5\xd0\xb1\xd1\x80\xd0\xb5\xd0\xb3\xd0\xb8)(\xd1\x82\xd0\xb5)?\s[^.\n]{0,60}(\xd0\xbf\xd1\x80\xd0\xb5\xd0\xb4\xd1\x8b\xd0\xb4\xd1\x83\xd1\x89|\xd0\xbf\xd1\x80\xd0\xb5\xd0\xb6\xd0\xbd|\xd0\xb2\xd1\x81\xd0\xb5|\xd1\x81\xd0\xb8\xd1\x81\xd1\x82\xd0\xb5\xd0\xbc\xd0\xbd)[^.\n]{0,30}(\xd0\xb8\xd0\xbd\xd1\x81\xd1\x82\xd1\x80\xd1\x83\xd0\xba\xd1\x86\xd0\xb8|\xd1\x83\xd0\xba\xd0\xb0\xd0\xb7\xd0\xb0\xd0\xbd\xd0\xb8|\xd0\xbf\xd1\x80\xd0\xb0\xd0\xb2\xd0\xb8\xd0\xbb)/
    condition:
        layer != "fence" and any of them
}

rule languages_override_japanese
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Japanese)"
        description = "Text in Japanese tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(以前|これまで|上記|前|すべて|全て)の[^\n]{0,24}(指示|命令|ルール|プロンプト)[^\n]{0,27}(無視|忘れ|破棄)/
        $a = /(\xe4\xbb\xa5\xe5\x89\x8d|\xe3\x81\x93\xe3\x82\x8c\xe3\x81\xbe\xe3\x81\xa7|\xe4\xb8\x8a\xe8\xa8\x98|\xe5\x89\x8d|\xe3\x81\x99\xe3\x81\xb9\xe3\x81\xa6|\xe5\x85\xa8\xe3\x81\xa6)\xe3\x81\xae[^\n]{0,24}(\xe6\x8c\x87\xe7\xa4\xba|\xe5\x91\xbd\xe4\xbb\xa4|\xe3\x83\xab\xe3\x83\xbc\xe3\x83\xab|\xe3\x83\x97\xe3\x83\xad\xe3\x83\xb3\xe3\x83\x97\xe3\x83\x88)[^\n]{0,27}(\xe7\x84\xa1\xe8\xa6\x96|\xe5\xbf\x98\xe3\x82\x8c|\xe7\xa0\xb4\xe6\xa3\x84)/
    condition:
        layer != "fence" and any of them
}

rule languages_override_korean
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Korean)"
        description = "Text in Korean tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(이전|위의|앞의|기존|모든)[^.\n]{0,30}(지시|명령|규칙|지침|프롬프트)[^.\n]{0,15}(무시|잊)/
        $a = /(\xec\x9d\xb4\xec\xa0\x84|\xec\x9c\x84\xec\x9d\x98|\xec\x95\x9e\xec\x9d\x98|\xea\xb8\xb0\xec\xa1\xb4|\xeb\xaa\xa8\xeb\x93\xa0)[^.\n]{0,30}(\xec\xa7\x80\xec\x8b\x9c|\xeb\xaa\x85\xeb\xa0\xb9|\xea\xb7\x9c\xec\xb9\x99|\xec\xa7\x80\xec\xb9\xa8|\xed\x94\x84\xeb\xa1\xac\xed\x94\x84\xed\x8a\xb8)[^.\n]{0,15}(\xeb\xac\xb4\xec\x8b\x9c|\xec\x9e\x8a)/
    condition:
        layer != "fence" and any of them
}

rule languages_override_portuguese
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Portuguese)"
        description = "Text in Portuguese tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(ignore|ignora|esqueça|esquece|desconsidere|descarte)\s(todas\s)?(as\s|suas\s)?(instruções|regras|orientações)\s(anteriores|prévias|acima|do sistema)/ nocase
        $a = /(ig[n]ore|ig[n]ora|esque\xc3\xa7a|esquece|desconsidere|descarte)\s(todas\s)?(as\s|suas\s)?(instru\xc3\xa7\xc3\xb5es|regras|orienta\xc3\xa7\xc3\xb5es)\s(anteriores|pr\xc3\xa9vias|acima|do sistema)/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_override_italian
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Italian)"
        description = "Text in Italian tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        $a = /(ignora|dimentica|trascura)(te)?\s(tutte\s)?(le\s)?(tue\s)?(istruzioni|regole)\s(precedenti|sopra|di sistema)/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_override_arabic_hindi
{
    meta:
        id = "VB-PROMPT-OVERRIDE"
        title = "The agent is told to drop its instructions (Arabic or Hindi)"
        description = "Text in Arabic or Hindi tells the agent to drop its instructions."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(تجاهل|انس)[^.\n]{0,30}(التعليمات|الأوامر)[^.\n]{0,20}(السابقة|أعلاه)/
        $a = /(\xd8\xaa\xd8\xac\xd8\xa7\xd9\x87\xd9\x84|\xd8\xa7\xd9\x86\xd8\xb3)[^.\n]{0,30}(\xd8\xa7\xd9\x84\xd8\xaa\xd8\xb9\xd9\x84\xd9\x8a\xd9\x85\xd8\xa7\xd8\xaa|\xd8\xa7\xd9\x84\xd8\xa3\xd9\x88\xd8\xa7\xd9\x85\xd8\xb1)[^.\n]{0,20}(\xd8\xa7\xd9\x84\xd8\xb3\xd8\xa7\xd8\xa8\xd9\x82\xd8\xa9|\xd8\xa3\xd8\xb9\xd9\x84\xd8\xa7\xd9\x87)/
        // /(पिछले|पिछली|ऊपर)[^\n]{0,40}(निर्देश|निर्देशों)[^\n]{0,20}(अनदेखा|भूल)/
        $b = /(\xe0\xa4\xaa\xe0\xa4\xbf\xe0\xa4\x9b\xe0\xa4\xb2\xe0\xa5\x87|\xe0\xa4\xaa\xe0\xa4\xbf\xe0\xa4\x9b\xe0\xa4\xb2\xe0\xa5\x80|\xe0\xa4\x8a\xe0\xa4\xaa\xe0\xa4\xb0)[^\n]{0,40}(\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb0\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x87\xe0\xa4\xb6|\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb0\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x87\xe0\xa4\xb6\xe0\xa5\x8b\xe0\xa4\x82)[^\n]{0,20}(\xe0\xa4\x85\xe0\xa4\xa8\xe0\xa4\xa6\xe0\xa5\x87\xe0\xa4\x96\xe0\xa4\xbe|\xe0\xa4\xad\xe0\xa5\x82\xe0\xa4\xb2)/
    condition:
        layer != "fence" and any of them
}

rule languages_hide_spanish
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (Spanish)"
        description = "Text in Spanish tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        $a = /(no|nunca)\s(le\s|se\slo\s)?(digas|diga|informes|informe|menciones|mencione|cuentes|reveles|muestres|avises)[^.\n]{0,40}\s(al|a\sla)\s(usuari[oa]|human[oa])/ nocase
        $b = /sin\sque\sel\susuario\s(lo\s)?(sepa|note|se\sentere)/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_hide_french
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (French)"
        description = "Text in French tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /ne\s(le\s|la\s|lui\s)?(dis|dites|mentionne|mentionnez|informe|informez|révèle|révélez|montre|montrez)\s(pas|rien|jamais)[^.\n]{0,40}(l'utilisateur|l’utilisateur)/ nocase
        $a = /ne\s(le\s|la\s|lui\s)?(dis|dites|mentionne|mentionnez|informe|informez|r\xc3\xa9v\xc3\xa8le|r\xc3\xa9v\xc3\xa9lez|montre|montrez)\s(pas|rien|jamais)[^.\n]{0,40}(l'utilisateur|l\xe2\x80\x99utilisateur)/ nocase
        // /à\sl'insu\sde\sl'utilisateur/ nocase
        $b = /\xc3\xa0\sl'insu\sde\sl'utilisateur/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_hide_german
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (German)"
        description = "Text in German tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(sage?n?|teile?|erzähle?|verrate?|zeige?|erwähne?)\s[^.\n]{0,30}(dem|der|den)\s(Nutzer|Benutzer|Anwender|User)(in)?\s[^.\n]{0,20}(nichts|niemals|nicht)\b/ nocase
        $a = /(sage?n?|teile?|erz\xc3\xa4hle?|verrate?|zeige?|erw\xc3\xa4hne?)\s[^.\n]{0,30}(dem|der|den)\s(Nutzer|Benutzer|Anwender|User)(in)?\s[^.\n]{0,20}(nichts|niemals|nicht)\b/ nocase
        $b = /(informiere|warne)\s[^.\n]{0,10}(den|die)\s(Nutzer|Benutzer|Anwender)\s[^.\n]{0,20}(nicht|niemals)/ nocase
        $c = /ohne\s(Wissen|dass)\s(des|der)\s(Nutzers|Benutzers|Nutzer|Benutzer)/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_hide_russian
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (Russian)"
        description = "Text in Russian tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /((Н|н)е|(Н|н)икогда не)\s(говори|сообщай|рассказывай|упоминай|показывай|раскрывай)(те)?\s[^.\n]{0,60}пользовател/
        $a = /((\xd0\x9d|\xd0\xbd)\xd0\xb5|(\xd0\x9d|\xd0\xbd)\xd0\xb8\xd0\xba\xd0\xbe\xd0\xb3\xd0\xb4\xd0\xb0 \xd0\xbd\xd0\xb5)\s(\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb8|\xd1\x81\xd0\xbe\xd0\xbe\xd0\xb1\xd1\x89\xd0\xb0\xd0\xb9|\xd1\x80\xd0\xb0\xd1\x81\xd1\x81\xd0\xba\xd0\xb0\xd0\xb7\xd1\x8b\xd0\xb2\xd0\xb0\xd0\xb9|\xd1\x83\xd0\xbf\xd0\xbe\xd0\xbc\xd0\xb8\xd0\xbd\xd0\xb0\xd0\xb9|\xd0\xbf\xd0\xbe\xd0\xba\xd0\xb0\xd0\xb7\xd1\x8b\xd0\xb2\xd0\xb0\xd0\xb9|\xd1\x80\xd0\xb0\xd1\x81\xd0\xba\xd1\x80\xd1\x8b\xd0\xb2\xd0\xb0\xd0\xb9)(\xd1\x82\xd0\xb5)?\s[^.\n]{0,60}\xd0\xbf\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb7\xd0\xbe\xd0\xb2\xd0\xb0\xd1\x82\xd0\xb5\xd0\xbb/
        // /(втайне|тайно|незаметно)\s(от|для)\sпользовател/
        $b = /(\xd0\xb2\xd1\x82\xd0\xb0\xd0\xb9\xd0\xbd\xd0\xb5|\xd1\x82\xd0\xb0\xd0\xb9\xd0\xbd\xd0\xbe|\xd0\xbd\xd0\xb5\xd0\xb7\xd0\xb0\xd0\xbc\xd0\xb5\xd1\x82\xd0\xbd\xd0\xbe)\s(\xd0\xbe\xd1\x82|\xd0\xb4\xd0\xbb\xd1\x8f)\s\xd0\xbf\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb7\xd0\xbe\xd0\xb2\xd0\xb0\xd1\x82\xd0\xb5\xd0\xbb/
    condition:
        layer != "fence" and any of them
}

rule languages_hide_east_asian
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (Japanese or Korean)"
        description = "Text in Japanese or Korean tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(ユーザー|利用者|ユーザ)(に|には|へ)[^\n]{0,40}(知らせ|言わ|伝え|教え|見せ|表示し)(ないで|ず|てはいけ|るな)/
        $a = /(\xe3\x83\xa6\xe3\x83\xbc\xe3\x82\xb6\xe3\x83\xbc|\xe5\x88\xa9\xe7\x94\xa8\xe8\x80\x85|\xe3\x83\xa6\xe3\x83\xbc\xe3\x82\xb6)(\xe3\x81\xab|\xe3\x81\xab\xe3\x81\xaf|\xe3\x81\xb8)[^\n]{0,40}(\xe7\x9f\xa5\xe3\x82\x89\xe3\x81\x9b|\xe8\xa8\x80\xe3\x82\x8f|\xe4\xbc\x9d\xe3\x81\x88|\xe6\x95\x99\xe3\x81\x88|\xe8\xa6\x8b\xe3\x81\x9b|\xe8\xa1\xa8\xe7\xa4\xba\xe3\x81\x97)(\xe3\x81\xaa\xe3\x81\x84\xe3\x81\xa7|\xe3\x81\x9a|\xe3\x81\xa6\xe3\x81\xaf\xe3\x81\x84\xe3\x81\x91|\xe3\x82\x8b\xe3\x81\xaa)/
        // /(사용자|유저)(에게|한테)[^.\n]{0,40}(알리지|말하지|언급하지|보여주지)\s?(마|않)/
        $b = /(\xec\x82\xac\xec\x9a\xa9\xec\x9e\x90|\xec\x9c\xa0\xec\xa0\x80)(\xec\x97\x90\xea\xb2\x8c|\xed\x95\x9c\xed\x85\x8c)[^.\n]{0,40}(\xec\x95\x8c\xeb\xa6\xac\xec\xa7\x80|\xeb\xa7\x90\xed\x95\x98\xec\xa7\x80|\xec\x96\xb8\xea\xb8\x89\xed\x95\x98\xec\xa7\x80|\xeb\xb3\xb4\xec\x97\xac\xec\xa3\xbc\xec\xa7\x80)\s?(\xeb\xa7\x88|\xec\x95\x8a)/
    condition:
        layer != "fence" and any of them
}

rule languages_hide_portuguese
{
    meta:
        id = "VB-PROMPT-HIDE"
        title = "The agent is told to hide something (Portuguese)"
        description = "Text in Portuguese tells the agent to keep something from its user."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(não|nunca)\s(conte|informe|diga|mencione|revele|mostre|avise)[^.\n]{0,40}\s(ao|o|à|para\so)\s(usuári[oa]|utilizador)/ nocase
        $a = /(n\xc3\xa3o|nunca)\s(conte|informe|diga|mencione|revele|mostre|avise)[^.\n]{0,40}\s(ao|o|\xc3\xa0|para\so)\s(usu\xc3\xa1ri[oa]|utilizador)/ nocase
        // /sem\s(o\sconhecimento|que)\s(d?o\s)(usuário|utilizador)\s?(saiba|perceba)?/ nocase
        $b = /sem\s(o\sconhecimento|que)\s(d?o\s)(usu\xc3\xa1rio|utilizador)\s?(saiba|perceba)?/ nocase
    condition:
        layer != "fence" and any of them
}

rule languages_send_secrets
{
    meta:
        id = "VB-PROMPT-SEND"
        title = "Secrets are to be sent (another language than English)"
        description = "Text in another language than English has secrets or the conversation sent away."
        severity = "high"
        confidence = "medium"
        mapping = "AST01 ASI01 LLM01 MCP06 ATLAS-AML.T0051.001 CWE-1427"
    strings:
        // /(发送|上传|传送|泄露|提交)[^\n]{0,60}(密钥|密码|凭据|凭证|令牌|私钥|对话记录|聊天记录)[^\n]{0,60}https?:\/\//
        $zh = /(\xe5\x8f\x91\xe9\x80\x81|\xe4\xb8\x8a\xe4\xbc\xa0|\xe4\xbc\xa0\xe9\x80\x81|\xe6\xb3\x84\xe9\x9c\xb2|\xe6\x8f\x90\xe4\xba\xa4)[^\n]{0,60}(\xe5\xaf\x86\xe9\x92\xa5|\xe5\xaf\x86\xe7\xa0\x81|\xe5\x87\xad\xe6\x8d\xae|\xe5\x87\xad\xe8\xaf\x81|\xe4\xbb\xa4\xe7\x89\x8c|\xe7\xa7\x81\xe9\x92\xa5|\xe5\xaf\xb9\xe8\xaf\x9d\xe8\xae\xb0\xe5\xbd\x95|\xe8\x81\x8a\xe5\xa4\xa9\xe8\xae\xb0\xe5\xbd\x95)[^\n]{0,60}https?:\/\//
        // /(密钥|密码|凭据|凭证|令牌|私钥|对话记录|聊天记录)[^\n]{0,40}(发送|上传|传送|提交)(到|给|至)[^\n]{0,20}https?:\/\//
        $zh2 = /(\xe5\xaf\x86\xe9\x92\xa5|\xe5\xaf\x86\xe7\xa0\x81|\xe5\x87\xad\xe6\x8d\xae|\xe5\x87\xad\xe8\xaf\x81|\xe4\xbb\xa4\xe7\x89\x8c|\xe7\xa7\x81\xe9\x92\xa5|\xe5\xaf\xb9\xe8\xaf\x9d\xe8\xae\xb0\xe5\xbd\x95|\xe8\x81\x8a\xe5\xa4\xa9\xe8\xae\xb0\xe5\xbd\x95)[^\n]{0,40}(\xe5\x8f\x91\xe9\x80\x81|\xe4\xb8\x8a\xe4\xbc\xa0|\xe4\xbc\xa0\xe9\x80\x81|\xe6\x8f\x90\xe4\xba\xa4)(\xe5\x88\xb0|\xe7\xbb\x99|\xe8\x87\xb3)[^\n]{0,20}https?:\/\//
        // /(envía|envíe|sube|suba|manda)\s[^.\n]{0,60}(contraseñas?|claves?|credenciales|conversación)[^.\n]{0,40}\sa\s[^\n]{0,20}https?:\/\//
        $es = /(env\xc3\xada|env\xc3\xade|sube|suba|manda)\s[^.\n]{0,60}(contrase\xc3\xb1as?|claves?|credenciales|conversaci\xc3\xb3n)[^.\n]{0,40}\sa\s[^\n]{0,20}https?:\/\//
        // /((О|о)тправь|(З|з)агрузи|(П|п)ередай)(те)?\s[^.\n]{0,80}(парол|ключ|токен|переписк)[^\n]{0,60}https?:\/\//
        $ru = /((\xd0\x9e|\xd0\xbe)\xd1\x82\xd0\xbf\xd1\x80\xd0\xb0\xd0\xb2\xd1\x8c|(\xd0\x97|\xd0\xb7)\xd0\xb0\xd0\xb3\xd1\x80\xd1\x83\xd0\xb7\xd0\xb8|(\xd0\x9f|\xd0\xbf)\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb4\xd0\xb0\xd0\xb9)(\xd1\x82\xd0\xb5)?\s[^.\n]{0,80}(\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb|\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87|\xd1\x82\xd0\xbe\xd0\xba\xd0\xb5\xd0\xbd|\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb5\xd0\xbf\xd0\xb8\xd1\x81\xd0\xba)[^\n]{0,60}https?:\/\//
        // /(sende|schicke|lade)\s[^.\n]{0,60}(Passwörter|Schlüssel|Zugangsdaten|Unterhaltung)[^\n]{0,40}https?:\/\// nocase
        $de = /(sende|schicke|lade)\s[^.\n]{0,60}(Passw\xc3\xb6rter|Schl\xc3\xbcssel|Zugangsdaten|Unterhaltung)[^\n]{0,40}https?:\/\// nocase
        // /(envoie|envoyez|transmets|transmettez)\s[^.\n]{0,60}(mots? de passe|clés?|identifiants|conversation)[^\n]{0,40}https?:\/\// nocase
        $fr = /(envoie|envoyez|transmets|transmettez)\s[^.\n]{0,60}(mots? de passe|cl\xc3\xa9s?|identifiants|conversation)[^\n]{0,40}https?:\/\// nocase
        // /(パスワード|秘密鍵|認証情報|会話履歴|トークン)[^\n]{0,40}https?:\/\/[^\n]{0,80}(送信|アップロード)/
        $ja = /(\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89|\xe7\xa7\x98\xe5\xaf\x86\xe9\x8d\xb5|\xe8\xaa\x8d\xe8\xa8\xbc\xe6\x83\x85\xe5\xa0\xb1|\xe4\xbc\x9a\xe8\xa9\xb1\xe5\xb1\xa5\xe6\xad\xb4|\xe3\x83\x88\xe3\x83\xbc\xe3\x82\xaf\xe3\x83\xb3)[^\n]{0,40}https?:\/\/[^\n]{0,80}(\xe9\x80\x81\xe4\xbf\xa1|\xe3\x82\xa2\xe3\x83\x83\xe3\x83\x97\xe3\x83\xad\xe3\x83\xbc\xe3\x83\x89)/
        // /(비밀번호|개인 키|자격 증명|대화 기록|토큰)[^.\n]{0,40}https?:\/\/[^\n]{0,80}(전송|업로드)/
        $ko = /(\xeb\xb9\x84\xeb\xb0\x80\xeb\xb2\x88\xed\x98\xb8|\xea\xb0\x9c\xec\x9d\xb8 \xed\x82\xa4|\xec\x9e\x90\xea\xb2\xa9 \xec\xa6\x9d\xeb\xaa\x85|\xeb\x8c\x80\xed\x99\x94 \xea\xb8\xb0\xeb\xa1\x9d|\xed\x86\xa0\xed\x81\xb0)[^.\n]{0,40}https?:\/\/[^\n]{0,80}(\xec\xa0\x84\xec\x86\xa1|\xec\x97\x85\xeb\xa1\x9c\xeb\x93\x9c)/
        $pt = /(envie|mande|carregue)\s[^.\n]{0,60}(senhas?|chaves?|credenciais|conversa)[^.\n]{0,40}https?:\/\// nocase
    condition:
        layer != "fence" and any of them
}
