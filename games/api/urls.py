from rest_framework.routers import SimpleRouter

from games.api.views import GameViewSet

app_name = "games"
router = SimpleRouter()
router.register("games", GameViewSet)
urlpatterns = router.urls
