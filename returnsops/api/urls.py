from django.urls import path, re_path

from returnsops.api.views import cases, pauses, postings, returns, shadow
from returnsops.api.views.base import NothingHere
from returnsops.api.views.docs import describe_api, show_api

urlpatterns = [
    path("returns/", returns.ReturnList.as_view(), name="api-returns"),
    path("returns/<int:pk>/", returns.ReturnDetail.as_view(), name="api-return"),
    path("returns/<int:pk>/inspections/", returns.RecordInspection.as_view(), name="api-record-inspection"),
    path("found/<int:pk>/take-back/", returns.TakeBackFound.as_view(), name="api-take-back-found"),
    path("units/", returns.UnitList.as_view(), name="api-units"),
    path("cases/", cases.CaseList.as_view(), name="api-cases"),
    path("cases/<int:pk>/", cases.CaseDetail.as_view(), name="api-case"),
    path("cases/<int:pk>/members/", cases.CaseMemberList.as_view(), name="api-case-members"),
    path("cases/<int:pk>/events/", cases.CaseEventList.as_view(), name="api-case-events"),
    path("cases/<int:pk>/approve/", cases.ApproveCase.as_view(), name="api-approve"),
    path("cases/<int:pk>/correct-date/", cases.CorrectDate.as_view(), name="api-correct-date"),
    path("cases/<int:pk>/choose-line/", cases.ChooseLine.as_view(), name="api-choose-line"),
    path("cases/<int:pk>/adopt/", cases.AdoptRecord.as_view(), name="api-adopt"),
    path("cases/<int:pk>/say-goods/", cases.SayGoods.as_view(), name="api-say-goods"),
    path("cases/<int:pk>/post-again/", cases.PostAgain.as_view(), name="api-post-again"),
    path("cases/<int:pk>/retry/", cases.RetryCase.as_view(), name="api-retry"),
    path("cases/<int:pk>/cancel/", cases.CancelCase.as_view(), name="api-cancel"),
    path("cases/<int:pk>/send-after-all/", cases.SendAfterAll.as_view(), name="api-send-after-all"),
    path("cases/<int:pk>/cause-gone/", cases.SayCauseGone.as_view(), name="api-cause-gone"),
    path("cases/<int:pk>/acknowledge/", cases.AcknowledgeCase.as_view(), name="api-acknowledge"),
    path("cases/<int:pk>/notes/", cases.WriteNote.as_view(), name="api-note"),
    path("cases/<int:pk>/take/", cases.TakeCase.as_view(), name="api-take"),
    path("cases/<int:pk>/give-back/", cases.GiveCaseBack.as_view(), name="api-give-back"),
    path("postings/", postings.PostingList.as_view(), name="api-postings"),
    path("postings/<int:pk>/", postings.PostingDetail.as_view(), name="api-posting"),
    path("postings/<int:pk>/cancel/", postings.CancelPosting.as_view(), name="api-cancel-posting"),
    path("pauses/", pauses.PauseList.as_view(), name="api-pauses"),
    path("pauses/<int:pk>/end/", pauses.EndPause.as_view(), name="api-end-pause"),
    path("shadow/", shadow.VerdictList.as_view(), name="api-shadow"),
    path("readiness/<slug:code>/", shadow.ScoresOfShop.as_view(), name="api-shadow-scores"),
    path("schema/", describe_api, name="api-schema"),
    path("docs/", show_api, name="api-docs"),
    re_path("", NothingHere.as_view()),
]
