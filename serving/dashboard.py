"""The routes of the dashboard: server-rendered pages that show what the API answers.

The pages format and place numbers; every number is made by `serving.answers` or was counted at
publication by `serving.details`.
"""

from starlette.routing import BaseRoute, Mount, Route

from serving.pages.assets import STATIC, Assets
from serving.pages.assignments import assign_task, finish_task
from serving.pages.builder import build_list, builder_page, preview_list
from serving.pages.csv_file import csv_file
from serving.pages.customer import customer_page
from serving.pages.customers import count_part, list_page
from serving.pages.data import data_page
from serving.pages.frame import published
from serving.pages.lists import lists_page
from serving.pages.lists_csv import members_csv
from serving.pages.lists_imports import import_contacts, import_outcomes
from serving.pages.lists_one import list_page as one_list_page
from serving.pages.model import model_page
from serving.pages.overview import overview_page
from serving.pages.portfolio import portfolio_page
from serving.pages.readout import readout_page
from serving.pages.saved_views import remove_view, rename_view, save_view
from serving.pages.sign_in import sign_in, sign_in_form, sign_out
from serving.pages.this_week import week_page
from serving.pages.uplift import uplift_page


def routes() -> list[BaseRoute]:
    """Return the routes of the pages and of their style sheet, script and icon."""
    return [
        Route("/", published(week_page)),
        Route("/overview", published(overview_page)),
        Route("/portfolio", published(portfolio_page)),
        Route("/lists", published(lists_page)),
        Route("/lists/new", published(builder_page)),
        Route("/lists/new", build_list, methods=["POST"]),
        Route("/lists/preview", preview_list, methods=["POST"]),
        Route("/lists/{list_id}", published(one_list_page)),
        Route("/lists/{list_id}/readout", published(readout_page)),
        Route("/lists/{list_id}/members.csv", published(members_csv)),
        Route("/lists/{list_id}/contacts", import_contacts, methods=["POST"]),
        Route("/lists/{list_id}/outcomes", import_outcomes, methods=["POST"]),
        Route("/uplift", published(uplift_page)),
        Route("/model", published(model_page)),
        Route("/data", published(data_page)),
        Route("/customers", published(list_page)),
        Route("/customers.csv", published(csv_file)),
        Route("/counts", published(count_part)),
        Route("/tasks/assign", assign_task, methods=["POST"]),
        Route("/tasks/done", finish_task, methods=["POST"]),
        Route("/views/save", save_view, methods=["POST"]),
        Route("/views/rename", rename_view, methods=["POST"]),
        Route("/views/remove", remove_view, methods=["POST"]),
        # An id may hold a slash, which the server has unquoted by now.
        Route("/customers/{customer_id:path}", published(customer_page)),
        Route("/sign-in", sign_in_form, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Mount("/static", Assets(directory=STATIC)),
    ]
